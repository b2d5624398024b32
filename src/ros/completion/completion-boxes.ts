import type { Box } from '../../completion/complete-region.js';
import { FeltmapError } from '../../geometry/errors.js';
import { checkBox } from '../../host/completion/region-box.js';

/** What `completion.box` takes. */
export const BOX_CONSTRAINTS = 'six numbers for each box: smallest x, y, z, largest x, y, z';

/**
 * Boxes of the parameter `completion.box`: six numbers (m) each, none for no box.
 *
 * @throws FeltmapError bad-config for numbers that are no boxes, or for one that the shape prior does not cover
 */
export function completionBoxes(numbers: readonly number[]): Box[] {
  if (numbers.length % 6 !== 0)
    throw new FeltmapError(
      'bad-config',
      `completion.box has ${numbers.length} numbers; it takes ${BOX_CONSTRAINTS} (m).`,
    );
  return Array.from({ length: numbers.length / 6 }, (_, i) =>
    checkBox(numbers.slice(6 * i, 6 * i + 6), numbers.length === 6 ? 'completion.box' : `Box ${i + 1} of completion.box`),
  );
} // prettier-ignore
