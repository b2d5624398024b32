import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { findRosbag2Files } from '../bags/rosbag2-dir.js';
import { readPressBag } from '../bags/tactile/press-bag.js';
import { readPressFolder, type PressFolder } from '../bags/tactile/press-folder.js';
import { fitBall } from '../calibration/tactile/ball-fit.js';
import { calibrateGel, type CalibrationResult } from '../calibration/tactile/calibrate.js';
import { encodeCalibration } from '../calibration/tactile/file.js';
import { drawPress, type Picture } from '../calibration/tactile/picture.js';
import { KernelPool } from '../compute/pool.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { encodePng } from '../export/png.js';
import { FeltmapError } from '../geometry/errors.js';
import { GelReader } from '../sensors/tactile/gel-reader.js';
import { gelPreset } from '../sensors/tactile/presets.js';
import { EXIT, inStage } from './exit-codes.js';
import { printableLines } from './printable.js';

/** Options of `feltmap calibrate-touch`, as commander delivers them. */
export interface CalibrateTouchOptions {
  /** Millimetres. */
  ballDiameter?: number;
  /** Millimetres from one pixel to the next. */
  pixel?: number;
  reference?: string;
  /** Of the gel's images, in a recording. */
  topic?: string;
  sensor?: string;
  out?: string;
  threads?: number;
  seed?: number;
  steps?: number;
  json?: boolean;
  quiet?: boolean;
}

const MEMORY_MIB = 256;
const DEFAULT_OUT = 'touch-calibration.json';

/** `feltmap calibrate-touch`: what turns images of a gel into heights, from balls pressed into it. */
export async function calibrateTouch(path: string, options: CalibrateTouchOptions): Promise<number> {
  const started = performance.now();
  const preset = options.sensor === undefined ? undefined : gelPreset(options.sensor);
  const live = process.stderr.isTTY && !options.json && !options.quiet;
  const show = (text: string): void => {
    if (live) process.stderr.write(`\r\x1b[2K${text} …`);
  };
  show('reading images');
  const images = await inStage('input', () => readPresses(path, options));
  const pitch = pitchOf(images, options.pixel, preset?.gelWidth);
  const threads = options.threads || availableParallelism();
  const pool = await KernelPool.create({ threads, memoryMiB: MEMORY_MIB });
  try {
    const result = await inStage('input', async () =>
      calibrateGel(pool, {
        sensor: preset?.name ?? basename(resolve(path)),
        reference: images.reference,
        presses: images.presses,
        pitch,
        kind: preset?.method ?? 'network',
        training: { seed: options.seed ?? 1, ...(options.steps !== undefined && { steps: options.steps }) },
        onProgress: show,
      }),
    );
    const out = options.out ?? DEFAULT_OUT;
    await writeFileAtomic(out, encodeCalibration(result.calibration));
    const picture = drawHeldOut(pool, images, result);
    const pictureFile = picture && `${out.replace(/\.json$/i, '')}.png`;
    if (picture) await writeFileAtomic(pictureFile!, encodePng(picture.rgba, picture.width, picture.height));
    if (live) process.stderr.write('\r\x1b[2K');
    const seconds = (performance.now() - started) / 1000;
    const report = summarise(images, result, { out, seconds, ...(pictureFile && { picture: pictureFile }) });
    if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (!options.quiet) process.stdout.write(`${printableLines(describe(report))}\n`);
    return EXIT.ok;
  } finally {
    await pool.close();
  }
}

/** Metres from one pixel to the next: as given, as the folder says, or of the sensor. */
function pitchOf({ pitch, reference }: PressFolder, millimetres?: number, gelWidth?: number): number {
  if (millimetres !== undefined) return millimetres / 1000;
  const known = pitch ?? (gelWidth === undefined ? undefined : gelWidth / reference.width);
  if (known !== undefined) return known;
  throw new FeltmapError(
    'bad-config',
    'The size of a pixel on the gel is not known; give it in millimetres with --pixel (or name the sensor with --sensor).',
  );
}

/** Of a folder of images, or of a recording. */
async function readPresses(path: string, options: CalibrateTouchOptions): Promise<PressFolder> {
  const { ballDiameter: millimetres, reference, topic } = options;
  const ball = millimetres === undefined ? {} : { ballDiameter: millimetres / 1000 };
  if (!(await isRecording(path)))
    return readPressFolder(path, { ...ball, ...(reference !== undefined && { reference }) });
  const { ballDiameter } = ball;
  if (ballDiameter === undefined)
    throw new FeltmapError(
      'bad-config',
      'A recording does not say how large the ball was; give its diameter in millimetres with --ball-diameter.',
    );
  return readPressBag(path, { ballDiameter, ...(topic !== undefined && { topic }) });
}

/** Whether a path is a bag: a file, or a folder with one in it. What is not there is for others to tell. */
async function isRecording(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isDirectory()) return info !== undefined;
  return (await findRosbag2Files(path)) !== undefined;
}

/** What `--json` prints; lengths in millimetres. */
interface Report {
  readonly presses: number;
  readonly reference: string;
  readonly leftOut: readonly string[];
  readonly tooLarge: readonly string[];
  readonly heldOut: number;
  readonly meanRms: number | null;
  /** Of a gel that stays flat. */
  readonly flatRms: number | null;
  readonly worstRms: number | null;
  readonly medianRadiusErrorPercent: number | null;
  readonly depthBias: number | null;
  readonly depthGain: number;
  readonly notices: readonly string[];
  readonly out: string;
  readonly picture?: string;
  readonly seconds: number;
}

function summarise(
  images: PressFolder,
  { heldOut, leftOut, tooLarge, trained, calibration, notices }: CalibrationResult,
  written: { out: string; seconds: number; picture?: string },
): Report {
  const rms = heldOut.map((press) => press.rms * 1000);
  const radii = heldOut.map((press) => 100 * Math.abs(press.radiusError)).sort((a, b) => a - b);
  const depths = heldOut.flatMap(({ depthError }) => (depthError === undefined ? [] : [depthError * 1000]));
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    presses: trained,
    reference: images.referencePath,
    leftOut,
    tooLarge,
    heldOut: heldOut.length,
    meanRms: mean(rms),
    flatRms: mean(heldOut.map((press) => press.flat * 1000)),
    worstRms: rms.length === 0 ? null : Math.max(...rms),
    medianRadiusErrorPercent: radii[radii.length >> 1] ?? null,
    depthBias: mean(depths),
    depthGain: calibration.kind === 'network' ? calibration.depthGain : 1,
    notices,
    ...written,
  };
}

function describe(r: Report): string {
  const lines = [`${r.presses} presses, reference ${r.reference}`];
  lines.push(...r.notices);
  if (r.leftOut.length > 0) lines.push(`no circle found in ${someOf(r.leftOut)}`);
  if (r.tooLarge.length > 0)
    lines.push(
      `the circle is larger than the ball (by --ball-diameter and --pixel) in ${someOf(r.tooLarge)}`,
    );
  if (r.meanRms !== null)
    lines.push(
      `${r.heldOut} presses held out while training: height error ${r.meanRms.toFixed(3)} mm rms, worst press ` +
        `${r.worstRms!.toFixed(3)} mm (a flat gel: ${r.flatRms!.toFixed(3)} mm), radius of the ball off by ${r.medianRadiusErrorPercent!.toFixed(1)} % (median)`,
    );
  if (r.depthBias !== null)
    lines.push(
      `depth off by ${r.depthBias.toFixed(3)} mm on average before the gain of ${r.depthGain.toFixed(3)}`,
    );
  if (r.presses < 20) lines.push('with 20 to 50 presses, spread over the whole gel, it gets more accurate');
  lines.push(`${r.out}${r.picture ? ` and ${r.picture}` : ''} written after ${r.seconds.toFixed(1)} s`);
  return lines.join('\n');
}

function someOf(names: readonly string[]): string {
  return `${names.length}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

/** The held-out press of median error: image, true height, found height, error. */
function drawHeldOut(pool: KernelPool, images: PressFolder, result: CalibrationResult): Picture | undefined {
  const { probe, heldOut } = result;
  const press = [...heldOut].sort((a, b) => a.rms - b.rms)[heldOut.length >> 1];
  const taken = images.presses.find(({ name }) => name === press?.name);
  if (!press || !taken) return undefined;
  const reader = new GelReader(pool, probe, '');
  reader.setReference(images.reference);
  const touch = reader.read(taken.image, 0n);
  reader.close();
  const ballRadius = taken.ballDiameter / 2 / probe.pitch;
  const heights = touch.depth.map((h) => h / probe.pitch);
  const ball = fitBall(heights, touch.width, touch.height, press.circle, ballRadius);
  return ball && drawPress(taken.image, touch, ball, ballRadius);
}
