// The network from colour ratios and place to slopes, for BLOCK pixels at once.
import { BLOCK, INPUTS, LAYER_1, LAYER_2, LAYER_3, LAYER_4, OUTPUTS, UNITS } from '../layout/tactile';
import { dense } from './dense';

const ROW: usize = 4 * BLOCK;
const LINEAR: f32 = -Infinity;

/** Runs the network on the inputs at `scratch`; the activations follow them there. Returns where the outputs are. */
export function network(weights: usize, scratch: usize): usize {
  const first = scratch + (INPUTS as usize) * ROW;
  const second = first + (UNITS as usize) * ROW;
  const third = second + (UNITS as usize) * ROW;
  const out = third + (UNITS as usize) * ROW;
  layer(scratch, INPUTS, weights + 4 * LAYER_1, first, UNITS, 0);
  layer(first, UNITS, weights + 4 * LAYER_2, second, UNITS, 0);
  layer(second, UNITS, weights + 4 * LAYER_3, third, UNITS, 0);
  layer(third, UNITS, weights + 4 * LAYER_4, out, OUTPUTS, LINEAR);
  return out;
}

// @ts-ignore: decorator
@inline
function layer(input: usize, inputs: i32, weights: usize, out: usize, outputs: i32, floor: f32): void {
  dense(input, inputs, weights, weights + ((inputs * outputs) as usize) * 4, out, outputs, floor);
}
