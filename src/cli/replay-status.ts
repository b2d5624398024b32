import type { ScanSource } from '../bags/source.js';
import { ofMap } from '../export/map-names.js';
import { nounOf, type MeasurementNoun } from '../export/measurement-noun.js';
import { FeltmapError } from '../geometry/errors.js';
import type { ReplayOptions } from './command-options.js';
import { EXIT, exitCodeOf, StageError, type ExitCode } from './exit-codes.js';
import { printable } from './printable.js';
import type { FeedEnd } from './replay-run.js';
import type { RunLog } from './run-log.js';

/**
 * Why a replay has nothing to write.
 *
 * @param told what was said while it ran, of the sensors; and what the input said before it was read, which is no cause
 */
export function nothingMapped(
  end: FeedEnd,
  input: Pick<ScanSource, 'sensor' | 'description' | 'warnings'>,
  options: Pick<ReplayOptions, 'start' | 'duration'>,
  told: { readonly running: readonly string[]; readonly before: readonly string[] },
): unknown {
  if (end.slamError !== undefined) return end.slamError;
  if (end.inputError !== undefined) return new StageError('input', end.inputError);
  const cut = options.start || options.duration !== undefined;
  const where = cut ? 'in the part chosen by --start and --duration' : `in ${input.description}`;
  // What costs only the colour of a frame is not why there is none.
  const costsFrames = (text: string): number => (/ is used without its colour/.test(text) ? 1 : 0);
  const reading = input.warnings
    .filter((text) => !told.before.includes(text))
    .sort((a, b) => costsFrames(a) - costsFrames(b));
  const untouched = input.sensor === 'touch' ? ['nothing touched the sensor in any of its messages'] : [];
  const cause = [...told.running, ...reading, ...untouched, ...input.warnings][0];
  const why = cause === undefined ? '' : ` (${cause.replace(/\.$/, '')})`;
  return new StageError(
    'input',
    new FeltmapError(
      'bad-input',
      `There is no complete ${nounOf(input.sensor)} ${where}${why}; nothing was written.`,
    ),
  );
}

/** @param maxLost percent of scans, lost or slid, that are put up with */
export function statusOf(end: FeedEnd, log: RunLog, maxLost: number): ExitCode {
  if (end.slamError !== undefined) return exitCodeOf(end.slamError);
  if (end.inputError !== undefined) return exitCodeOf(new StageError('input', end.inputError));
  if (end.interrupted) return EXIT.interrupted;
  // In a short run a single scan is more than any sensible share.
  if (log.newMaps.length > 0) return EXIT.lost;
  const tooMany = 100 * log.unknownShare > maxLost && (log.states.lost + log.slid > 1 || maxLost === 0);
  return tooMany || log.state === 'lost' ? EXIT.lost : EXIT.ok;
}

/** What {@link explain} tells of a run, and where. */
interface ReplayedRun {
  readonly options: ReplayOptions;
  readonly env: { readonly stderr: { write(text: string): unknown } };
  readonly input: Pick<ScanSource, 'sensor'>;
}

/** One sentence on stderr for every status but 0, also with --quiet: a script's log must say why it failed. */
export function explain(
  status: number,
  error: string | undefined,
  log: RunLog,
  { options, env, input }: ReplayedRun,
): void {
  const noun = nounOf(input.sensor);
  if (error !== undefined) {
    env.stderr.write(`feltmap: ${error} The ${log.scans} ${noun}s before it are written.\n`);
  } else if (status === EXIT.lost) {
    if (log.slid > 0)
      env.stderr.write(
        `feltmap: The pose slid on ${(100 * (log.slid / log.scans)).toFixed(1)} % of the ${noun}s along a direction that the ` +
          `surroundings do not fix, so that it may be metres off (limit ${options.maxLost} %, lost ones included); see the covariance.\n`,
      );
    if (log.states.lost === 0) return;
    const share = (100 * log.lostShare).toFixed(1);
    const end = log.state === 'lost' ? ', among them the last' : '';
    const last = log.results.findLast((result) => result.state === 'lost');
    env.stderr.write(
      `feltmap: Tracking was lost on ${share} % of the ${noun}s${end} (limit ${options.maxLost} %): ${printable(last?.reason ?? '')}\n`,
    );
    for (const map of log.newMaps) env.stderr.write(`feltmap: ${newMapWarning(map, noun)}\n`);
  }
}

export function newMapWarning({ submap, firstScan }: RunLog['newMaps'][0], noun: MeasurementNoun): string {
  return (
    `A new map starts with ${noun} ${firstScan}, after a long loss: it is not connected to what was mapped before, and the ` +
    `path is wrong from one to the other. It is written to ${ofMap('mesh', submap)}.ply and ${ofMap('map', submap)}/.`
  );
}
