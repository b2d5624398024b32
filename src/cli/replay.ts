import { basename, resolve } from 'node:path';
import { nounOf } from '../export/measurement-noun.js';
import type { Box } from '../completion/complete-region.js';
import { namesOf } from '../bags/several-sensors.js';
import { bodyOf, openScanSource, type ScanSource } from '../bags/source.js';
import { readCalibrationFile } from '../bags/tactile/calibration-file.js';
import { finestVoxel } from '../config/lengths.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { leverArm } from '../eval/lever-arm.js';
import { quaternionOrder } from '../eval/quaternion-order.js';
import { evaluateTrajectory, type TrajectoryMetrics } from '../eval/trajectory.js';
import { FeltmapError } from '../geometry/errors.js';
import type { TouchCalibration } from '../sensors/tactile/calibration.js';
import { describeError, hideHome } from './describe-error.js';
import { EXIT, inStage } from './exit-codes.js';
import { catchInterrupt, leaveAtInterrupt, type SignalSource } from './interrupt.js';
import type { ReplayOptions } from './command-options.js';
import { printableLines } from './printable.js';
import { Progress, type ProgressStream } from './progress.js';
import { FrameSamples } from './frame-samples.js';
import { readMapFolder } from '../export/map-folder.js';
import { defaultOutput } from './replay-input.js';
import { prepareOutput, writeOutputs, type RunFacts } from './replay-outputs.js';
import { heldBox, ReplayHeld } from './replay-held.js';
import { boxesOf, completeObjects } from './replay-objects.js';
import { feed, RunProgress, type FeedEnd } from './replay-run.js';
import { explain, newMapWarning, nothingMapped, statusOf } from './replay-status.js';
import { accuracyOf, formatSummary, summarise } from './replay-summary.js';
import { leverArmNote, quaternionNote, ofBody, openTruth, type TruthReader } from './replay-truth.js';
import type { ReplayView } from './replay-view.js';
import { RunLog } from './run-log.js';
import { shortPauses } from './short-pauses.js';
import { packageVersion } from './version.js';
import { SlamClient } from '../host/client.js';
import { announceViewer, serveUntilInterrupt } from './serving.js';

/** The world around a replay; tests give their own. */
export interface ReplayEnvironment {
  /** Module that exports `createSlam`. */
  readonly factoryUrl: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressStream & { readonly isTTY?: boolean };
  readonly signals: SignalSource;
  /** Ends the program; `process.exit` unless given. */
  readonly exit?: (code: number) => void;
  /** Opens an address in a browser; the desktop's own way unless given. */
  readonly openBrowser?: (url: string) => void;
}

const NOTHING_MAPPED =
  'feltmap: Stopped before the first measurement: nothing was mapped, and nothing is written.\n';

/**
 * `feltmap replay`: a recording in; trajectory, mesh, map and report out.
 *
 * @returns the exit status
 * @throws what prevents the run from starting; later failures are reported after everything mapped so far is written
 */
export async function replay(path: string, options: ReplayOptions, env: ReplayEnvironment): Promise<number> {
  const stopLeaving = leaveAtInterrupt(() => env.stderr.write(NOTHING_MAPPED), env.signals, env.exit);
  try {
    return await openAndReplay(path, options, env, stopLeaving);
  } finally {
    stopLeaving();
  }
}

/** @param opened called when there may be something to write from now on */
async function openAndReplay(
  path: string,
  options: ReplayOptions,
  env: ReplayEnvironment,
  opened: () => void,
): Promise<number> {
  const { engine, threads, seed } = options;
  const config = await loadConfig({
    file: options.config,
    set: options.set,
    flags: { engine, threads, seed, ...deskewSettings(options.deskew) },
  });
  const out = options.out ?? defaultOutput(path);
  const boxes = boxesOf(options.complete);
  const held = new ReplayHeld((options.completeIn ?? []).map(heldBox));
  const map =
    options.map === undefined ? undefined : await inStage('input', () => readMapFolder(options.map!));
  const { touchCalibration: gel } = options;
  const calibration = gel === undefined ? undefined : await inStage('input', () => readCalibrationFile(gel));
  const input = await inStage('input', () =>
    openScanSource(path, {
      ...(options.topic !== undefined && { topic: options.topic }),
      ...(options.sensor !== undefined && { sensor: options.sensor }),
      ...(options.baseFrame !== undefined && { base: options.baseFrame }),
      ...(options.depth !== undefined && { depth: options.depth }),
      ...(options.color !== undefined && { color: options.color }),
      ...(options.imu !== undefined && { imu: options.imu }),
      ...(options.odometry !== undefined && { odometry: options.odometry }),
      ...(options.touch !== undefined && { touch: namesOf(options.touch) }),
      touchPitch: config.touch.pitch || (calibration?.pitch ?? 0),
      touchCalibrated: calibration !== undefined,
      ...(held.frames.length > 0 && { touchFrames: held.frames }),
      transformGap: config.sensor.transformGap,
      deskewAlways: config.sensor.deskewAlways,
      ...(options.layout !== undefined && { layout: options.layout }),
      ...(options.depthScale !== undefined && { depthScale: options.depthScale }),
    }),
  );
  config.sensor.kind = input.sensor;
  try {
    const truth =
      options.gt === undefined
        ? undefined
        : await inStage('input', () => openTruth(options.gt!, path, options.start ?? 0));
    await inStage('output', () => prepareOutput(out));
    return await watchedReplay({
      path,
      options,
      env,
      config,
      out,
      map,
      boxes,
      held,
      input,
      truth,
      calibration,
      opened,
    });
  } finally {
    await input.close();
  }
}

/** Whose path a run remembers: see {@link RunLog}. */
function pathOf({ sensor, bodyFrame }: ScanSource): 'sensor' | 'body' | 'touches' {
  if (sensor === 'lidar' && bodyFrame === undefined) return 'sensor';
  return sensor === 'touch' ? 'touches' : 'body';
}

/** What --deskew means in settings. */
function deskewSettings(how: ReplayOptions['deskew']): Record<string, unknown> {
  if (how === undefined) return {};
  return { 'sensor.deskew': how !== 'never', 'sensor.deskewAlways': how === 'always' };
}

/** Runs the replay, with --view in sight of a browser, and goes on showing it when it is done. */
async function watchedReplay(run: Omit<ReplayRun, 'log' | 'progress' | 'display' | 'view'>): Promise<number> {
  const { options, env, config, input } = run;
  const silent = options.quiet === true || options.json === true;
  const progress = new Progress(silent ? 'none' : env.stderr.isTTY ? 'bar' : 'lines', env.stderr);
  const { start = 0, duration = Infinity } = options;
  const log = new RunLog({ pathOf: pathOf(input) });
  const display = new RunProgress(progress, log, {
    start,
    duration,
    count: input.scanCount,
    noun: nounOf(input.sensor),
  });
  if (options.view === undefined) return runReplay({ ...run, log, progress, display });

  const { ReplayView } = await import('./replay-view.js');
  shortPauses(); // copies of the mesh stream through the main thread
  const view = new ReplayView(log, {
    port: options.view,
    host: options.viewHost ?? '127.0.0.1',
    token: options.viewToken,
    title: basename(resolve(run.path)),
    voxel: finestVoxel(config),
    camera: input.sensor.includes('rgbd'),
    touch: input.sensor.includes('touch'),
    total: () => display.total,
  });
  announceViewer(await view.start(), options, env);
  try {
    const status = await runReplay({ ...run, log, progress, display, view });
    if (status !== EXIT.interrupted && !options.viewExit) await serveUntilInterrupt(env);
    return status;
  } finally {
    await view.close();
  }
}

interface ReplayRun {
  readonly path: string;
  readonly options: ReplayOptions;
  readonly env: ReplayEnvironment;
  readonly config: Config;
  readonly out: string;
  readonly map: ReadonlyMap<string, Uint8Array> | undefined;
  /** Whose objects are completed; held: whose frames move. */
  readonly boxes: readonly Box[];
  readonly held: ReplayHeld;
  readonly input: ScanSource;
  readonly truth: TruthReader | undefined;
  /** For images of gels. */
  readonly calibration: TouchCalibration | undefined;
  readonly opened: () => void;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly display: RunProgress;
  readonly view?: ReplayView;
}

async function runReplay(run: ReplayRun): Promise<number> {
  const { options, env, config, input, log, progress, display, view } = run;
  const { start = 0, duration = Infinity } = options;

  const interrupt = catchInterrupt(
    () => progress.note('Stopping: writing what is mapped so far (Ctrl-C again leaves at once).'),
    env.signals,
    env.exit,
  );
  const samples = new FrameSamples();
  const before = [...input.warnings];
  run.opened();
  try {
    const slam = await SlamClient.start({
      config,
      factoryUrl: env.factoryUrl,
      ...(run.map ? { map: run.map } : {}),
      view: view !== undefined,
      stopAtError: true,
    });
    slam.listen((event) => {
      log.take(event);
      run.held.take(event);
      view?.take(event);
      if (event.type === 'result' || event.type === 'touch') display.update();
    });
    view?.attach(slam);
    try {
      const { calibration } = run;
      if (calibration) await slam.call({ type: 'calibrate-touch', calibration });
      display.start();
      const cpuBefore = process.cpuUsage();
      const end = await feed({
        measurements: run.held.watched(input.measurements({ startS: start })),
        duration,
        slam,
        signal: interrupt.signal,
        samples,
        ...(view ? { pace: view.pace } : {}),
      });
      const wallSeconds = display.elapsed;
      const { user, system } = process.cpuUsage(cpuBefore);
      if (log.scans > 0) display.finish();
      if (log.scans === 0 && end.interrupted) {
        env.stderr.write(NOTHING_MAPPED);
        return EXIT.interrupted;
      }
      if (log.scans === 0) {
        throw nothingMapped(end, input, options, { running: slam.warnings, before });
      }

      progress.note(`Writing the results to ${hideHome(run.out)}`);
      const unmade: string[] = [];
      const objects = [
        ...(await completeObjects(slam, run.boxes, unmade)),
        ...(await run.held.complete(run.boxes.length + 1, unmade)),
      ];
      const final = await slam.finish();
      // A large map takes more memory than what is made of it: it goes first.
      await slam.terminate();
      log.statistics = final.statistics;
      const warnings = [
        ...input.warnings,
        ...slam.warnings,
        ...unmade,
        ...log.newMaps.map((map) => newMapWarning(map, nounOf(input.sensor))),
      ];
      const metrics = run.truth ? await evaluate(log, run.truth, input, warnings) : undefined;
      const failure = end.slamError ?? end.inputError;
      const error = failure === undefined ? undefined : describeError(failure);
      const files = await inStage('output', () =>
        writeOutputs(
          run.out,
          log,
          final,
          samples,
          {
            ...describeRun(run, end, wallSeconds, warnings),
            ...(error === undefined ? {} : { error }),
            ...(metrics ? { truth: { source: hideHome(options.gt!), metrics } } : {}),
          },
          objects,
        ),
      );
      const status = statusOf(end, log, options.maxLost);
      const summary = summarise(log, {
        input: run.path,
        topic: input.topic ?? '',
        poseFrame: bodyOf(input),
        status,
        interrupted: end.interrupted,
        error,
        wallSeconds,
        cpuSeconds: (user + system) / 1e6,
        accuracy: metrics ? accuracyOf(metrics) : undefined,
        files,
        warnings,
      });
      for (const warning of warnings) progress.note(`Warning: ${warning}`);
      if (options.json) env.stdout.write(`${printableLines(JSON.stringify(summary, null, 2))}\n`);
      else if (!options.quiet)
        env.stdout.write(`${printableLines(formatSummary(summary, nounOf(input.sensor)))}\n`);
      explain(status, summary.error, log, run);
      view?.finished(files.glb, final.mesh);
      return status;
    } finally {
      await slam.terminate();
    }
  } finally {
    interrupt.dispose();
  }
}

/** What the report says about the environment: of the machine, versions only. */
function describeRun(
  run: ReplayRun,
  end: FeedEnd,
  wallSeconds: number,
  warnings: readonly string[],
): RunFacts {
  const { topic, sensorFrame, bodyFrame } = run.input;
  return {
    versions: { feltmap: packageVersion(), node: process.version },
    input: {
      path: hideHome(run.path),
      sensor: run.input.sensor,
      frameId: sensorFrame,
      ...(bodyFrame === undefined ? {} : { bodyFrame }),
      ...(topic === undefined ? {} : { topic }),
      ...(end.timing === undefined ? {} : { timing: end.timing }),
    },
    settings: run.config,
    wallSeconds,
    interrupted: end.interrupted,
    warnings,
  };
}

/** Truth that does not fit the run must not cost the run its results: it becomes a warning. */
async function evaluate(
  log: RunLog,
  reader: TruthReader,
  input: ScanSource,
  warnings: string[],
): Promise<TrajectoryMetrics | undefined> {
  try {
    const { truth, note } = ofBody(await reader(log.stamps), input);
    if (note !== undefined) warnings.push(note);
    const metrics = evaluateTrajectory({ stampsNs: log.stamps, poses: log.poses }, truth);
    const order = quaternionOrder(metrics.pairs);
    if (order) warnings.push(quaternionNote(order));
    // Wrong attitudes look like an arm.
    const arm = order ? undefined : leverArm(metrics.pairs);
    if (arm) warnings.push(leverArmNote(arm, bodyOf(input)));
    return metrics;
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error;
    warnings.push(`No comparison with the truth: ${error.message}`);
    return undefined;
  }
}
