import { FeltmapError } from '../../geometry/errors.js';

/** A gel sensor as it is sold or published: what is known before it is calibrated. */
export interface GelPreset {
  readonly name: string;
  /** Size of the images that it delivers by default, pixels. */
  readonly width: number;
  readonly height: number;
  /** Size of the gel that the image shows, metres. */
  readonly gelWidth: number;
  readonly gelHeight: number;
  /** Whether dots are printed on the gel as it is usually sold. */
  readonly markers: boolean;
  /** How its images become heights. */
  readonly method: 'network' | 'table';
}

/** By their makers' descriptions: good for defaults; a calibration measures the scale. */
export const GEL_PRESETS: Readonly<Record<string, GelPreset>> = {
  'gelsight-mini': {
    name: 'GelSight Mini',
    width: 320,
    height: 240,
    gelWidth: 0.0203,
    gelHeight: 0.0152,
    markers: false,
    method: 'network',
  },
  digit: {
    name: 'DIGIT',
    width: 240,
    height: 320,
    gelWidth: 0.0142,
    gelHeight: 0.0189,
    markers: false,
    method: 'network',
  },
  gelslim: {
    name: 'GelSlim 3.0',
    width: 427,
    height: 320,
    gelWidth: 0.0327,
    gelHeight: 0.0245,
    markers: true,
    method: 'network',
  },
  '9dtact': {
    name: '9DTact',
    width: 460,
    height: 345,
    gelWidth: 0.0249,
    gelHeight: 0.0187,
    markers: false,
    method: 'table',
  },
};

/** @throws FeltmapError bad-config for a name that is not known */
export function gelPreset(name: string): GelPreset {
  const preset = GEL_PRESETS[name];
  if (!preset)
    throw new FeltmapError(
      'bad-config',
      `There is no gel sensor '${name.slice(0, 40)}'; known are ${Object.keys(GEL_PRESETS).join(', ')}.`,
    );
  return preset;
}

/** Metres of gel from one pixel to the next. */
export function presetPitch({ width, gelWidth }: GelPreset): number {
  return gelWidth / width;
}

/** What to say, and do, when there are images of a gel but no calibration. */
export function noCalibration(what: string): FeltmapError {
  return new FeltmapError(
    'not-found',
    `${what} has no calibration, so its images cannot be turned into heights: press a ball of known size into it some ` +
      `twenty times and run feltmap calibrate-touch.`,
  );
}
