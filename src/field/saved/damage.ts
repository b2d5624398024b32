import { FeltmapError } from '../../geometry/errors.js';

/** The error for a file whose content makes no sense, although it arrived whole. */
export function damaged(what: string): FeltmapError {
  return new FeltmapError('bad-input', `${what} of the saved map are damaged; save the map again.`);
}

/** The error for a manifest that states other sizes than its files have. */
export function misfit(): FeltmapError {
  return new FeltmapError(
    'bad-input',
    'The manifest and the files of the saved map do not fit together; save the map again.',
  );
}

/** The error for a member of the manifest that is missing, out of range or of the wrong type. */
export function damagedAt(path: readonly PropertyKey[], cause?: unknown): FeltmapError {
  return new FeltmapError(
    'bad-input',
    `manifest.json of the saved map is damaged at "${path.map(String).join('.')}"; save the map again.`,
    { cause },
  );
}
