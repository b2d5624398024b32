// One step of training: loss and gradient of the network over samples, summed per chunk.
import {
  A_COUNT,
  A_GRADIENTS,
  A_INPUTS,
  A_SCRATCH,
  A_TARGETS,
  A_TRANSPOSED,
  A_WEIGHTS,
  BLOCK,
  INPUTS,
  LAYER_1,
  LAYER_2,
  LAYER_3,
  LAYER_4,
  OUTPUTS,
  SAMPLES,
  SCRATCH,
  UNITS,
  WEIGHTS,
} from '../layout/tactile';
import { dense } from './dense';
import { network } from './network';

const ROW: usize = 4 * BLOCK;

/**
 * Chunk: SAMPLES samples. Adds to the chunk's gradients d/dw Σ (|e| + e²), e the error of an output, and the sum itself.
 * Gradients have to be 0 before.
 */
export function tactileTrain(args: usize, chunk: i32): void {
  const count = load<i32>(args, A_COUNT);
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + (((chunk * SCRATCH) as usize) << 2);
  const gradients = (load<u32>(args, A_GRADIENTS) as usize) + (((chunk * (WEIGHTS + 2)) as usize) << 2);
  const weights = load<u32>(args, A_WEIGHTS) as usize;
  const transposed = load<u32>(args, A_TRANSPOSED) as usize;
  const first = scratch + (INPUTS as usize) * ROW;
  const second = first + (UNITS as usize) * ROW;
  const third = second + (UNITS as usize) * ROW;
  const errors = third + (UNITS as usize) * ROW + (OUTPUTS as usize) * ROW; // derivatives by the outputs, then by two hidden layers in turn
  const before = errors + (OUTPUTS as usize) * ROW;
  const after = before + (UNITS as usize) * ROW;
  for (let at = chunk * SAMPLES; at < (chunk + 1) * SAMPLES; at += BLOCK) {
    for (let i = 0; i < INPUTS; i++)
      memory.copy(
        scratch + (i as usize) * ROW,
        (load<u32>(args, A_INPUTS) as usize) + (((i * count + at) as usize) << 2),
        ROW,
      );
    const outputs = network(weights, scratch);
    differentiateLoss(load<u32>(args, A_TARGETS), count, at, outputs, errors, gradients + 4 * WEIGHTS);
    correlate(errors, OUTPUTS, third, UNITS, gradients + 4 * LAYER_4);
    dense(errors, OUTPUTS, transposed + 4 * LAYER_4, 0, before, UNITS, -Infinity);
    gate(before, third);
    correlate(before, UNITS, second, UNITS, gradients + 4 * LAYER_3);
    dense(before, UNITS, transposed + 4 * LAYER_3, 0, after, UNITS, -Infinity);
    gate(after, second);
    correlate(after, UNITS, first, UNITS, gradients + 4 * LAYER_2);
    dense(after, UNITS, transposed + 4 * LAYER_2, 0, before, UNITS, -Infinity);
    gate(before, first);
    correlate(before, UNITS, scratch, INPUTS, gradients + 4 * LAYER_1);
  }
}

/** d(|e| + e²)/de = sign e + 2e. */
function differentiateLoss(
  targets: usize,
  count: i32,
  at: i32,
  outputs: usize,
  errors: usize,
  loss: usize,
): void {
  let sum: f32 = 0;
  for (let o = 0; o < OUTPUTS; o++) {
    const target = targets + (((o * count + at) as usize) << 2);
    for (let i: usize = 0; i < ROW; i += 4) {
      const from = (o as usize) * ROW + i;
      const e = load<f32>(outputs + from) - load<f32>(target + i);
      sum += abs(e) + e * e;
      store<f32>(errors + from, (e > 0 ? <f32>1 : e < 0 ? <f32>-1 : <f32>0) + 2 * e);
    }
  }
  store<f32>(loss, load<f32>(loss) + sum);
}

/** Nothing flows back through a unit that is off. */
function gate(derivatives: usize, activations: usize): void {
  for (let at: usize = 0; at < (UNITS as usize) * ROW; at += 16)
    v128.store(
      derivatives + at,
      v128.and(v128.load(derivatives + at), f32x4.gt(v128.load(activations + at), f32x4.splat(0))),
    );
}

/** gradients[o][i] += Σ over pixels of derivative[o]·input[i], and for the bias Σ derivative[o]. */
function correlate(derivatives: usize, outputs: i32, input: usize, inputs: i32, gradients: usize): void {
  const bias = gradients + (((outputs * inputs) as usize) << 2);
  for (let o = 0; o < outputs; o++) {
    const d = derivatives + (o as usize) * ROW;
    const row = gradients + (((o * inputs) as usize) << 2);
    let i = 0;
    for (; i + 4 <= inputs; i += 4) {
      const x = input + (i as usize) * ROW;
      let a = f32x4.splat(0), b = a, c = a, e = a; // prettier-ignore
      for (let at: usize = 0; at < ROW; at += 16) {
        const v = v128.load(d + at);
        a = f32x4.add(a, f32x4.mul(v, v128.load(x + at)));
        b = f32x4.add(b, f32x4.mul(v, v128.load(x + at, ROW)));
        c = f32x4.add(c, f32x4.mul(v, v128.load(x + at, 2 * ROW)));
        e = f32x4.add(e, f32x4.mul(v, v128.load(x + at, 3 * ROW)));
      }
      const to = row + ((i as usize) << 2);
      v128.store(to, f32x4.add(v128.load(to), acrossFour(a, b, c, e)));
    }
    for (; i < inputs; i++) {
      let a = f32x4.splat(0);
      for (let at: usize = 0; at < ROW; at += 16)
        a = f32x4.add(a, f32x4.mul(v128.load(d + at), v128.load(input + (i as usize) * ROW + at)));
      accumulate(row + ((i as usize) << 2), a);
    }
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < ROW; at += 16) sum = f32x4.add(sum, v128.load(d + at));
    accumulate(bias + ((o as usize) << 2), sum);
  }
}

// @ts-ignore: decorator
@inline
function accumulate(at: usize, v: v128): void {
  const sum =
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
  store<f32>(at, load<f32>(at) + sum);
}

/** The sum over the lanes of each of four vectors. */
// @ts-ignore: decorator
@inline
function acrossFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}
