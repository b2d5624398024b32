import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../config/load.js';
import { nearestKey } from '../config/suggest.js';
import { FeltmapError } from '../geometry/errors.js';
import { SlamClient } from '../host/client.js';
import { ROS_TYPES } from '../messages/types.js';
import { describeError } from '../cli/describe-error.js';
import { packageVersion } from '../cli/version.js';
import { type CameraTopic, chosenType, isImageInput } from './camera/topics.js';
import { CLICKED_POINT } from './completion/node-completion.js';
import { MappingNode } from './mapping-node.js';
import { ParameterStore } from './parameter-check.js';
import { remappedName } from './parameter-overrides.js';
import type { TriggerResult } from './port.js';
import type { TactileTopic } from './tactile/topics.js';
import { INPUT_QOS } from './qos.js';
import { declareAll, toRcl, valuesOf } from './rcl-parameters.js';
import { RclPort } from './rcl-port.js';
import type { RclLifecycleNode, Rclnodejs, RclNode, RclParameter, RclResponse } from './rclnodejs-api.js';
import { loadRclnodejs, requireInterfaces, TRIGGER } from './rclnodejs-load.js';
import { guardedNode, readOverrides, type NodeHooks } from './ros-node.js';
import { shortPauses } from '../cli/short-pauses.js';

export interface NodeEnvironment {
  /** Module that exports `createSlam`. */
  readonly factoryUrl: string;
  /** Arguments for ROS, `--ros-args …`. */
  readonly argv: readonly string[];
}

const DEFAULT_NAME = 'feltmap';
/**
 * rclnodejs stops by running the event loop from within itself. In the callback of a socket that is closing, a viewer's,
 * this crashes Node (libuv: uv__write asserts): in a timer, with all sockets closed, it does not.
 */
const SETTLE_MS = 50;

/**
 * `feltmap node`: runs the ROS 2 node until SIGINT, SIGTERM or a failure.
 *
 * @returns the exit status
 * @throws FeltmapError unsupported without ROS 2; bad-config for parameters that cannot be
 */
export async function runNode({ factoryUrl, argv }: NodeEnvironment): Promise<number> {
  const signal = stopSignal();
  shortPauses();
  const rcl = await loadRclnodejs();
  requireInterfaces(rcl, process.env.ROS_DISTRO);
  const context = rcl.Context.defaultContext();
  await rcl.init(context, ['feltmap', ...argv]);
  rcl.removeSignalHandlers(); // they shut the context down under our feet
  try {
    const { name, namespace } = remappedName(argv, DEFAULT_NAME);
    const store = new ParameterStore();
    const unknown = await startParameters(store, readOverrides(rcl, context, name, namespace));
    return await new RunningNode(rcl, store, factoryUrl, unknown).run(signal);
  } finally {
    rcl.shutdown();
  }
}

/**
 * Resolves with 0 at the first SIGINT or SIGTERM. Ctrl-C under ros2 launch sends SIGINT twice, from the terminal and from
 * launch: the handler stays, so that the second one does not cut the orderly end short.
 */
function stopSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => resolve(0));
  });
}

/** Takes file and overrides. @returns names that nobody knows */
async function startParameters(
  store: ParameterStore,
  overrides: ReadonlyMap<string, RclParameter>,
): Promise<string[]> {
  const known = [...overrides.values()].filter(({ name }) => store.spec(name));
  const file = overrides.get('config')?.value;
  if (typeof file === 'string' && file !== '') store.useConfig(await loadConfig({ file }));
  store.start(known.map(({ name, value }) => [name, value]));
  const foreign = (name: string): boolean => name === 'use_sim_time' || name.startsWith('qos_overrides.');
  return [...overrides.keys()].filter((name) => !store.spec(name) && !foreign(name));
}

class RunningNode {
  readonly #node: RclNode;
  readonly #port: RclPort;
  readonly #core: MappingNode;
  #stop: (status: number) => void = () => undefined;

  constructor(
    private readonly rcl: Rclnodejs,
    private readonly store: ParameterStore,
    factoryUrl: string,
    unknown: readonly string[],
  ) {
    const hooks: NodeHooks = {
      onError: (error) => this.#node?.getLogger().error(describeError(error)),
      onClock: (timeNs) => this.#core?.onClock(timeNs),
      onSet: (parameters) => this.#checked(parameters),
      afterSet: (parameters) => this.#changed(parameters),
    };
    const context = rcl.Context.defaultContext();
    const Base = store.bool('lifecycle') ? rcl.lifecycle.LifecycleNode : rcl.Node;
    this.#node = new (guardedNode<RclNode>(rcl, Base, hooks))(DEFAULT_NAME, '', context);
    declareAll(rcl, this.#node, store);
    for (const name of unknown) {
      const near = nearestKey(
        name,
        [...store.specs].map((spec) => spec.name),
      );
      this.#node.getLogger().warn(`There is no parameter ${name}${near ? `; did you mean ${near}?` : ''}`);
    }
    const port = (this.#port = new RclPort(rcl, this.#node));
    this.#core = new MappingNode({
      name: fullName(this.#node.namespace(), this.#node.name()),
      parameters: store,
      port,
      startSlam: async (config, map) => {
        const view = store.number('viewer.port') !== 0;
        const slam = await SlamClient.start({
          config,
          factoryUrl,
          view,
          settles: true,
          ...(map ? { map } : {}),
        });
        for (const warning of slam.warnings) port.log('warn', warning);
        return slam;
      },
      onFatal: (error) => this.#fail(error),
      version: packageVersion(),
    });
    this.#serve();
  }

  /** @param signal resolves when the node shall end */
  async run(signal: Promise<number>): Promise<number> {
    const failed = new Promise<number>((resolve) => (this.#stop = resolve));
    const finished = Promise.race([signal, failed]);
    try {
      if (this.store.bool('lifecycle')) {
        this.#subscribe();
        this.#manage(this.#node as RclLifecycleNode);
      } else {
        // No subscription before there is somebody to process scans.
        const early = await Promise.race([this.#core.configure(), finished]);
        if (early !== undefined) return early;
        this.#subscribe();
        this.#core.activate();
      }
      this.#node.spin();
      return await finished;
    } finally {
      await this.#core.cleanup();
      await sleep(SETTLE_MS);
      this.#node.stop();
    }
  }

  #fail(error: unknown): void {
    this.#node.getLogger().error(describeError(error));
    this.#stop(1);
  }

  /** Transitions of a managed node. They cannot wait: starting goes on in the background and says if it fails. */
  #manage(node: RclLifecycleNode): void {
    const { SUCCESS } = this.rcl.lifecycle.CallbackReturnCode;
    const core = this.#core;
    const log = (error: unknown): void => node.getLogger().error(describeError(error));
    node.registerOnConfigure(() => {
      core.configure().catch(log);
      return SUCCESS;
    });
    node.registerOnActivate(() => {
      core.activate();
      return SUCCESS;
    });
    node.registerOnDeactivate(() => {
      core.deactivate();
      return SUCCESS;
    });
    node.registerOnCleanup(() => {
      core.cleanup().catch(log);
      return SUCCESS;
    });
    node.registerOnShutdown(() => {
      core.cleanup().catch(log);
      return SUCCESS;
    });
    if (!this.store.bool('autostart')) return;
    node.configure();
    node.activate();
  }

  #subscribe(): void {
    const [core, port] = [this.#core, this.#port];
    const { cameras } = core;
    for (const topic of core.lidars)
      port.subscribe(topic, ROS_TYPES.pointCloud2, INPUT_QOS.cloud, (bytes) => core.onCloud(topic, bytes));
    cameras.forEach(({ topics }, index) => topics.forEach((topic) => this.#subscribeCamera(index, topic)));
    core.tactile.forEach((topic, index) => this.#subscribeTactile(index, topic));
    if (this.store.bool('use_imu'))
      port.subscribe('imu', ROS_TYPES.imu, INPUT_QOS.imu, (bytes) => core.onImu(bytes));
    const odometry = this.store.string('odom_topic');
    if (odometry !== '')
      port.subscribe(odometry, ROS_TYPES.odometry, INPUT_QOS.odometry, (bytes) => core.onOdometry(bytes));
    const clicked = (bytes: Uint8Array): void => core.completion.onClickedPoint(bytes);
    port.subscribe(CLICKED_POINT, ROS_TYPES.pointStamped, INPUT_QOS.clickedPoint, clicked);
    port.subscribe('/tf', ROS_TYPES.tf, INPUT_QOS.tf, (bytes) => core.onTf(bytes, false));
    port.subscribe('/tf_static', ROS_TYPES.tf, INPUT_QOS.tfStatic, (bytes) => core.onTf(bytes, true));
  }

  #subscribeCamera(index: number, topic: CameraTopic): void {
    const { input, name } = topic;
    const isImage = isImageInput(input);
    const full = this.#port.resolve(name);
    const type = isImage ? chosenType(full, this.#port.publishedTypes(full)) : topic.type;
    const qos = isImage ? INPUT_QOS.image : input === 'points' ? INPUT_QOS.cloud : INPUT_QOS.cameraInfo;
    const typed = { ...topic, type };
    this.#port.subscribe(name, type, qos, (bytes) => this.#core.onCamera(index, typed, bytes));
  }

  #subscribeTactile(index: number, topic: TactileTopic): void {
    const full = this.#port.resolve(topic.name);
    const points = topic.input === 'points';
    const type = points ? topic.type : chosenType(full, this.#port.publishedTypes(full));
    const typed = { ...topic, type };
    const take = (bytes: Uint8Array): void => this.#core.onTactile(index, typed, bytes);
    this.#port.subscribe(topic.name, type, points ? INPUT_QOS.cloud : INPUT_QOS.image, take);
  }

  #serve(): void {
    const core = this.#core;
    const services: Record<string, () => TriggerResult | Promise<TriggerResult>> = {
      save_map: () => core.services.saveMap(),
      load_map: () => core.services.loadMap(),
      save_mesh: () => core.services.saveMesh(),
      reset: () => core.services.reset(),
      retake_reference: () => core.services.retakeReference(),
      pause: () => core.pause(),
      resume: () => core.resume(),
      complete: () => core.completion.complete(),
      clear_completion: () => core.completion.clear(),
    };
    for (const [name, act] of Object.entries(services)) {
      const answer = async (_request: unknown, response: RclResponse): Promise<void> => {
        response.send(await act());
      };
      this.#node.createService(TRIGGER, `~/${name}`, answer as (...args: never[]) => unknown);
    }
  }

  #checked(parameters: readonly RclParameter[]): { successful: false; reason: string } | RclParameter[] {
    const values = valuesOf(parameters);
    if (typeof values === 'string') return { successful: false, reason: values };
    // Those of rclnodejs itself, such as use_sim_time.
    const foreign = new Set(this.#node.getParameterNames().filter((name) => !this.store.spec(name)));
    const checked = this.store.check(values.filter(([name]) => !foreign.has(name)));
    return parameters.map((parameter) => {
      const spec = this.store.spec(parameter.name);
      return spec ? toRcl(this.rcl, spec, checked.get(parameter.name)!) : parameter;
    });
  }

  #changed(parameters: readonly RclParameter[]): string {
    const own = parameters.filter(({ name }) => this.store.spec(name));
    const changed = this.store.change(own.map(({ name, value }) => [name, value]));
    return this.#core.onParameters(changed);
  }
}

/** Tells nodes of several robots apart: `robot1/feltmap`. */
export function fullName(namespace: string, name: string): string {
  return `${namespace}/${name}`.replace(/^\/+/, '');
}

/** ROS arguments from those of the command; anything before `--ros-args` is not ours. @throws FeltmapError bad-config */
export function rosArguments(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--ros-args');
  const before = at < 0 ? args : args.slice(0, at);
  if (before.length > 0)
    throw new FeltmapError(
      'bad-config',
      `feltmap node takes only ROS arguments, such as --ros-args -p base_frame:=base_link -r lidar:=/points; got "${before[0]!}"`,
    );
  return args;
}
