import { sensorKinds } from '../config/sensors.js';
import type { ParameterStore } from './parameter-check.js';
import type { SlamService } from '../host/client.js';
import type { HostEvent } from '../host/protocol.js';
import type { MapViewer } from '../host/viewer-feed/map-viewer.js';
import { Trajectory } from '../slam/trajectory.js';
import { Cameras } from './camera/cameras.js';
import { type CameraTopics, optionalTopics } from './camera/topics.js';
import { NodeCompletion } from './completion/node-completion.js';
import { DiagnosticsOutput } from './diagnostics-output.js';
import { Health } from './health.js';
import { EventOutput } from './event-output.js';
import { InputWatch } from './input-watch.js';
import { ImuIntake } from '../sensors/imu/intake.js';
import { OdometryIntake } from '../sensors/odometry/intake.js';
import { MapServices } from './map-services.js';
import { saveDirectory } from './map-files.js';
import type { MeshColor } from '../host/mesh-feed/mesh-color.js';
import { MeshOutput } from './mesh-output.js';
import { OdometryOutput } from './odometry-output.js';
import { PlanningOutput } from './planning-output.js';
import type { RosPort } from './port.js';
import { TactileIntake } from './tactile/tactile-intake.js';
import { tactilePitch, type TactileTopic } from './tactile/topics.js';
import { TouchOutput } from './tactile/touch-output.js';
import { ScanIntake } from './scan-intake.js';
import { ScanPump } from './scan-pump.js';
import { TfBuffer } from '../messages/tf-buffer.js';
import { ThrottledLog } from './throttle.js';
import { TimeWatch } from './time-watch.js';

/** What the parts of a node ask of it. */
export interface NodeState {
  readonly name: string;
  readonly cameras: readonly CameraTopics[];
  readonly tactile: readonly TactileTopic[];
  /** Input topics: LiDARs or cameras, then imu and the external odometry where they are used. */
  readonly topics: readonly string[];
  readonly slam: () => SlamService | undefined;
  readonly viewer: () => MapViewer | undefined;
  /** What the node does, in a word. */
  readonly activity: () => string;
  /** Time has gone back by so many seconds. */
  readonly onJump: (seconds: number) => void;
  /** Starts a new map, or continues the given one. */
  readonly restart: (map?: ReadonlyMap<string, Uint8Array>) => Promise<void>;
  readonly onFatal: (error: Error) => void;
}

export type NodeParts = ReturnType<typeof makeParts>;

/** Makes the parts of a node, set up by its parameters. */
export function makeParts(p: ParameterStore, port: RosPort, node: NodeState) {
  const log = new ThrottledLog(port.log);
  const tf = new TfBuffer();
  const time = new TimeWatch(p.number('time_jump'));
  let startRoom = (): number => 0;
  let forgetFrames = (): void => undefined;
  const intake = new ScanIntake({
    tf,
    time,
    log,
    baseFrame: p.string('base_frame'),
    tfTimeout: () => p.number('tf_timeout'),
    transformGap: p.config.sensor.transformGap,
    queueSize: () => {
      // Kinds of sensors share the line: none must push the other out of it.
      return Math.max(p.number('queue_size') * sensorKinds(p.config).length, startRoom());
    },
    onJump: node.onJump,
    readings: () => ({ imu: imu.count, odometry: wheels.count }),
    onClear: () => forgetFrames(),
  });
  const cameras = new Cameras(node.cameras, port, { intake, tf, log, slam: node.slam });
  const touches = new TactileIntake({
    topics: node.tactile,
    // Beside others touches wait until those have settled.
    first: sensorKinds(p.config).length > 1 ? 1 : 0,
    pitch: () => tactilePitch(p),
    intake,
    log,
  });
  const lookup: TfBuffer['lookup'] = (target, source, stampNs) => tf.lookup(target, source, stampNs);
  const warn = (key: string, text: string): void => void log.log('warn', key, text);
  const imu = new ImuIntake({ lookup, warn });
  const wheels = new OdometryIntake({ lookup, warn });
  const trajectory = new Trajectory();
  const odometry = new OdometryOutput(port, trajectory, {
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
  const felt = new TouchOutput(port, p.string('odom_frame'));
  const planning = new PlanningOutput(port, p.string('odom_frame'));
  const health = new Health();
  const { name: nodeName, topics, slam, viewer, activity, restart, onFatal } = node;
  const optionalOnes = optionalTopics(node.cameras);
  const inputs = new InputWatch(port, {
    topics,
    optional: (topic) => topic === 'imu' || optionalOnes.has(topic),
    log,
  });
  const diagnostics = new DiagnosticsOutput(port, {
    nodeName,
    inputs,
    health,
    intake,
    mesh,
    activity,
  });
  const events = new EventOutput({ port, parameters: p, log, health, odometry, trajectory, intake, viewer });
  const pump = new ScanPump({
    intake,
    imu,
    wheels,
    slam,
    active: () => activity() === 'active',
    queueSize: () => p.number('queue_size'),
    wantsCloud: () => events.wantsCloud(),
    onFatal,
  });
  startRoom = () => pump.startRoom;
  forgetFrames = () => {
    cameras.clear();
    pump.dropAhead();
  };
  const services = new MapServices({
    slam,
    activity,
    directory: () => saveDirectory(p.string('save_directory')),
    started: () => odometry.started,
    odomFrame: p.string('odom_frame'),
    restart,
    log: port.log,
  });
  const completion = new NodeCompletion({
    parameters: p,
    port,
    log,
    tf,
    slam,
    lastStampNs: () => odometry.last?.stampNs,
  });
  const take = (event: HostEvent): void => {
    completion.follow(event);
    events.take(event, pump.current);
    if (event.type === 'touch' && pump.current) {
      felt.take(event);
      health.touched(event);
    }
    if (event.type === 'touches-refined') felt.move(event);
    if (event.type === 'result' || event.type === 'touch') pump.settle(event.result.state);
  };
  const flow = { tf, time, intake, cameras, touches, imu, wheels, pump };
  return {
    ...flow,
    inputs,
    log,
    odometry,
    trajectory,
    events,
    take,
    mesh,
    felt,
    planning,
    health,
    diagnostics,
    services,
    completion,
  };
}

function meshColor(p: ParameterStore): MeshColor {
  return {
    mode: p.string('mesh_color') as MeshColor['mode'],
    range: [p.number('mesh_color_low'), p.number('mesh_color_high')],
  };
}
