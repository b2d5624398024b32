import type { ParameterStore } from './parameter-check.js';
import { DiagnosticsOutput } from './diagnostics-output.js';
import { Health } from './health.js';
import { ImuIntake } from './imu-intake.js';
import { MapServices } from './map-services.js';
import { saveDirectory } from './map-files.js';
import type { MeshColor } from './mesh-color.js';
import { MeshOutput } from './mesh-output.js';
import { OdometryOutput } from './odometry-output.js';
import type { RosPort } from './port.js';
import { ResultOutput } from './result-output.js';
import { ScanIntake } from './scan-intake.js';
import { ScanPump } from './scan-pump.js';
import type { SlamService } from './slam-link.js';
import { TfBuffer } from './tf-buffer.js';
import { ThrottledLog } from './throttle.js';
import { TimeWatch } from './time-watch.js';
import type { ViewerOutput } from './viewer-output.js';

/** What the parts of a node ask of it. */
export interface NodeState {
  readonly name: string;
  /** Input topics: LiDARs, then imu where it is used. */
  readonly topics: readonly string[];
  readonly slam: () => SlamService | undefined;
  readonly viewer: () => ViewerOutput | undefined;
  /** What the node does, in a word. */
  readonly activity: () => string;
  /** Time has gone back by so many seconds. */
  readonly onJump: (seconds: number) => void;
  /** Starts a new map, or continues the given one. */
  readonly restart: (map?: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

/** Scans that may wait at the start: code is still being compiled, and without a velocity none should be missed. */
const STARTING_SCANS = 20;

export type NodeParts = ReturnType<typeof makeParts>;

/** Makes the parts of a node, set up by its parameters. */
export function makeParts(p: ParameterStore, port: RosPort, node: NodeState) {
  const log = new ThrottledLog(port.log);
  const tf = new TfBuffer();
  const time = new TimeWatch(p.number('time_jump'));
  let starting = (): boolean => true;
  const intake = new ScanIntake({
    tf,
    time,
    log,
    baseFrame: p.string('base_frame'),
    tfTimeout: () => p.number('tf_timeout'),
    queueSize: () => {
      const size = p.number('queue_size');
      return starting() ? Math.max(size, STARTING_SCANS) : size;
    },
    onJump: node.onJump,
  });
  const imu = new ImuIntake(tf, log);
  const odometry = new OdometryOutput(port, {
    odomFrame: p.string('odom_frame'),
    pathStep: p.number('path_step'),
    publishTf: () => p.bool('publish_odom_tf'),
    invertTf: () => p.bool('invert_odom_tf'),
    lostTimeout: () => p.number('lost_timeout'),
  });
  const mesh = new MeshOutput(port, {
    frame: p.string('odom_frame'),
    color: () => meshColor(p),
    bandwidth: () => p.number('mesh_bandwidth') * 1e6,
  });
  const health = new Health();
  const { name: nodeName, topics, slam, viewer, activity, restart, onFatal } = node;
  const diagnostics = new DiagnosticsOutput(port, {
    nodeName,
    topics,
    health,
    intake,
    mesh,
    log,
    activity,
  });
  const results = new ResultOutput({ port, parameters: p, log, health, odometry, intake, viewer });
  const pump = new ScanPump({
    intake,
    imu,
    slam,
    active: () => activity() === 'active',
    queueSize: () => p.number('queue_size'),
    wantsCloud: () => results.wantsCloud(),
    onReply: (scan, reply) => results.publish(scan, reply),
    onFatal,
  });
  starting = () => pump.starting;
  const services = new MapServices({
    slam,
    activity,
    directory: () => saveDirectory(p.string('save_directory')),
    origin: () => odometry.origin,
    odomFrame: p.string('odom_frame'),
    restart,
    log: port.log,
  });
  return { log, tf, time, intake, imu, odometry, mesh, health, diagnostics, pump, services };
}

function meshColor(p: ParameterStore): MeshColor {
  return {
    mode: p.string('mesh_color') as MeshColor['mode'],
    range: [p.number('mesh_color_low'), p.number('mesh_color_high')],
  };
}
