import type { Random } from '../../../geometry/random.js';
import { Path } from '../path.js';
import { extrude, revolve, roundCone, roundedBox } from '../shapes.js';
import { moved, shifted, union, Z_TO_X, type Solid } from '../solid.js';

/** A hand tool lying on z = 0, its handle along x: hammer, screwdriver or open spanner; extents in metres. */
export function tool(size: number, random: Random): Solid {
  const kind = random.int(3);
  if (kind === 0) return hammer(size, random);
  if (kind === 1) return screwdriver(size, random);
  return spanner(size, random);
}

function hammer(size: number, random: Random): Solid {
  const thick = size * random.range(0.06, 0.1);
  const thin = thick * random.range(0.65, 0.95);
  const head = size * random.range(0.09, 0.14);
  const across = size * random.range(0.22, 0.36);
  const handle = roundCone(
    [thick - size / 2, 0, thick],
    thick,
    [size / 2 - head, 0, Math.max(thin, 0.8 * head)],
    thin,
  );
  const iron = shifted(roundedBox([head, across, head], head * random.range(0.1, 0.6)), size / 2 - head, 0, head); // prettier-ignore
  return union(handle, iron);
}

function screwdriver(size: number, random: Random): Solid {
  const r = size * random.range(0.09, 0.14);
  const grip = size * random.range(0.4, 0.55);
  const shaft = Math.max(0.003, r * random.range(0.25, 0.4));
  const waist = r * random.range(0.6, 0.9);
  const outline = new Path([
    [0, 0],
    [r, 0, 0.6 * r],
    [r, 0.4 * grip, Infinity],
    [waist, 0.75 * grip, Infinity],
    [r, grip, 0.004],
    [shaft, grip + 0.003, 0.001],
    [shaft, size, 0.4 * shaft],
    [0, size],
  ]);
  return shifted(moved(revolve(outline), Z_TO_X), -size / 2, 0, r);
}

function spanner(size: number, random: Random): Solid {
  const head = size * random.range(0.12, 0.17);
  const shank = head * random.range(0.4, 0.6);
  const jaw = head * random.range(0.45, 0.6);
  const deep = head * random.range(0.7, 1);
  const half = Math.max(0.004, size * random.range(0.025, 0.05));
  const edge = Math.min(0.001, 0.1 * head);
  const e = size / 2;
  // From the round end along the lower side to the jaws and back.
  const path = new Path(
    [
      [-e, -shank, shank],
      [e - 2.6 * head, -shank, 0.02],
      [e - 1.7 * head, -head, 0.01],
      [e - 0.4 * head, -head, 0.01],
      [e, -jaw - 0.25 * head, edge],
      [e, -jaw, edge],
      [e - deep, -jaw, 0.003],
      [e - deep, jaw, 0.003],
      [e, jaw, edge],
      [e, jaw + 0.25 * head, edge],
      [e - 0.4 * head, head, 0.01],
      [e - 1.7 * head, head, 0.01],
      [e - 2.6 * head, shank, 0.02],
      [-e, shank, shank],
    ],
    true,
  );
  return shifted(extrude(path, half, edge / 2), 0, 0, half);
}
