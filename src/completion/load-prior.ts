import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FeltmapError } from '../geometry/errors.js';
import { decodeShapePrior } from './prior-file.js';
import type { ShapePrior } from './shape-prior.js';

let shipped: Promise<ShapePrior> | undefined;

/**
 * The shape prior that comes with the package; read once.
 *
 * @throws FeltmapError not-found when the file is missing; as `decodeShapePrior` when it is damaged
 */
export function loadShapePrior(): Promise<ShapePrior> {
  shipped ??= read(fileURLToPath(new URL('../../assets/shape.prior', import.meta.url)));
  return shipped;
}

async function read(path: string): Promise<ShapePrior> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FeltmapError(
      'not-found',
      `${path}, which completes objects, cannot be read; install Feltmap again or run scripts/train-completion.mjs.`,
      { cause },
    );
  });
  return decodeShapePrior(bytes, path);
}
