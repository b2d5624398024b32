import type { Box } from '../../completion/complete-region.js';
import { FeltmapError } from '../../geometry/errors.js';

/** Longest side of a box (m): the shape prior knows objects up to 0.2 m, and there is a table around them. */
export const LARGEST_SIDE = 0.5;

/** The table is looked for in a box that is larger by this share on each side, as `completeRegion` does. */
const AROUND = 0.5;

/**
 * @param numbers x0, y0, z0, x1, y1, z1 (m)
 * @param what names the box in errors
 * @param largest longest side that is taken (m)
 * @throws FeltmapError bad-config unless the first corner is below the second one in x, y and z, and no side is too long
 */
export function checkBox(numbers: readonly number[], what: string, largest = LARGEST_SIDE): Box {
  const [x0, y0, z0, x1, y1, z1] = numbers;
  if (numbers.length !== 6 || !numbers.every(Number.isFinite) || !(x0! < x1! && y0! < y1! && z0! < z1!))
    throw new FeltmapError(
      'bad-config',
      `${what} takes six numbers, the smallest x,y,z and the largest x,y,z in metres, not ${numbers.join(',')}.`,
    );
  const longest = Math.max(x1! - x0!, y1! - y0!, z1! - z0!);
  if (longest > largest)
    throw new FeltmapError(
      'bad-config',
      `${what} is ${longest.toFixed(2)} m long; the shape prior knows objects up to 0.2 m, so draw a box of at most ${largest} m around one.`,
    );
  return numbers as unknown as Box;
}

/** The box with `size` (m) a side around a point (m), in tenths of millimetres: people read it. */
export function boxAround([x, y, z]: readonly [number, number, number], size: number): Box {
  const at = (v: number): number => Math.round(1e4 * v) / 1e4;
  const half = size / 2;
  return [at(x - half), at(y - half), at(z - half), at(x + half), at(y + half), at(z + half)];
}

/** What is looked at to complete the object in a box: also the table around it. */
export function widened(box: Box): Box {
  return box.map((v, i) => {
    const margin = AROUND * (box[(i % 3) + 3]! - box[i % 3]!);
    return i < 3 ? v - margin : v + margin;
  }) as unknown as Box;
}

/** Whether a point lies in a box. */
export function inBox([x0, y0, z0, x1, y1, z1]: Box, [x, y, z]: readonly [number, number, number]): boolean {
  return x >= x0 && x <= x1 && y >= y0 && y <= y1 && z >= z0 && z <= z1;
}
