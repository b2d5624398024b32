import { nearestKey } from '../config/suggest.js';
import { setByPath, type RawConfig } from '../config/set-path.js';
import { validateConfig } from '../config/validate.js';
import type { Config } from '../config/schema.js';
import { FeltmapError } from '../geometry/errors.js';
import { completionBoxes } from './completion/completion-boxes.js';
import {
  listParameters,
  settingPaths,
  type ParameterKind,
  type ParameterSpec,
  type ParameterValue,
} from './parameters.js';

const KIND_NAMES: Record<ParameterKind, string> = {
  bool: 'true or false',
  integer: 'a whole number',
  double: 'a number',
  string: 'text',
  'string-array': 'a list of texts',
  'double-array': 'a list of numbers',
};

/**
 * Values of all parameters, checked.
 *
 * @example
 * const parameters = new ParameterStore();
 * parameters.start([['odom_frame', 'map']]);
 * parameters.string('odom_frame'); // 'map'
 */
export class ParameterStore {
  readonly #specs: ReadonlyMap<string, ParameterSpec>;
  readonly #values = new Map<string, ParameterValue>();
  #config: Config;
  #base: RawConfig | Config = {};

  constructor(specs: readonly ParameterSpec[] = listParameters()) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
    for (const { name, default: value } of specs) this.#values.set(name, value);
    this.#config = this.#configWith(new Map());
  }

  get specs(): Iterable<ParameterSpec> {
    return this.#specs.values();
  }

  spec(name: string): ParameterSpec | undefined {
    return this.#specs.get(name);
  }

  bool(name: string): boolean {
    return this.#values.get(name) as boolean;
  }
  number(name: string): number {
    return this.#values.get(name) as number;
  }
  string(name: string): string {
    return this.#values.get(name) as string;
  }
  strings(name: string): readonly string[] {
    return this.#values.get(name) as readonly string[];
  }
  numbers(name: string): readonly number[] {
    return this.#values.get(name) as readonly number[];
  }
  value(name: string): ParameterValue | undefined {
    return this.#values.get(name);
  }

  /** Settings of the SLAM system as the parameters have them now. */
  get config(): Config {
    return this.#config;
  }

  /** Takes a configuration file's settings as defaults; those that are no parameters stay as the file has them. */
  useConfig(config: Config): void {
    this.#base = config;
    for (const path of settingPaths()) {
      const value = path.split('.').reduce<unknown>((node, key) => (node as RawConfig)[key], config);
      this.#values.set(path, value as ParameterValue);
    }
    this.#config = this.#configWith(new Map());
  }

  /**
   * Sets values before the node starts: none is read-only then. Whole numbers are fine where a number is wanted.
   *
   * @throws FeltmapError bad-config for an unknown name or a refused value
   */
  start(values: Iterable<readonly [string, unknown]>): void {
    this.#set(withSensor([...values]), true);
  }

  /**
   * Sets values while the node runs, all or none.
   *
   * @throws FeltmapError bad-config with the reason for people
   * @returns the names whose value is new
   */
  change(values: Iterable<readonly [string, unknown]>): string[] {
    return this.#set([...values], false);
  }

  /** What would be set: the values in their own types. @throws as {@link change} */
  check(values: readonly (readonly [string, unknown])[], starting = false): Map<string, ParameterValue> {
    const checked = new Map<string, ParameterValue>();
    for (const [name, value] of values) {
      const spec = this.#specs.get(name);
      if (!spec) throw new FeltmapError('bad-config', this.#unknown(name));
      const converted = convert(spec, value);
      if (!starting && spec.change === 'start' && !same(converted, this.#values.get(name)))
        throw new FeltmapError(
          'bad-config',
          `${name} cannot change while the node runs; set it in the launch file or with -p at the start`,
        );
      checked.set(name, converted);
    }
    this.#configWith(checked);
    completionBoxes((checked.get('completion.box') ?? this.#values.get('completion.box')) as number[]);
    this.#checkCameras((name) => checked.get(name) ?? this.#values.get(name)!);
    this.#checkTactile((name) => checked.get(name) ?? this.#values.get(name)!);
    const low = (checked.get('mesh_color_low') ?? this.#values.get('mesh_color_low')) as number;
    const high = (checked.get('mesh_color_high') ?? this.#values.get('mesh_color_high')) as number;
    if (!(low < high))
      throw new FeltmapError(
        'bad-config',
        `mesh_color_low (${low}) has to be below mesh_color_high (${high})`,
      );
    const value = (name: string): string => (checked.get(name) ?? this.#values.get(name)) as string;
    if (value('guess_frame') !== '' && value('odom_topic') !== '')
      throw new FeltmapError('bad-config', 'odom_topic and guess_frame are both given; choose one of them');
    if (value('guess_frame') !== '' && value('guess_frame') === value('odom_frame'))
      throw new FeltmapError(
        'bad-config',
        `guess_frame is '${value('guess_frame')}', the frame that this node publishes itself; give odom_frame another name`,
      );
    return checked;
  }

  #checkCameras(value: (name: string) => ParameterValue): void {
    const given = [...CAMERA_TOPIC_NAMES, 'preset'].find(
      (name) => !['', 'none'].includes(value(name) as string),
    );
    const refuse = (why: string): never => {
      throw new FeltmapError('bad-config', why);
    };
    if (!String(value('sensor.kind')).split('+').includes('rgbd')) {
      if (given !== undefined)
        refuse(
          `${given} is for cameras, but sensor.kind is ${String(value('sensor.kind'))}; set it to rgbd, or lidar+rgbd`,
        );
      return;
    }
    if ((value('rgbd_cameras') as readonly string[]).length > 1 && given !== undefined)
      refuse(`${given} is for one camera; remap the topics of several rgbd_cameras`);
    if (value('base_frame') === '')
      refuse('base_frame is empty; with cameras name the frame of the robot, or one such as camera_link');
  }

  #checkTactile(value: (name: string) => ParameterValue): void {
    const kind = String(value('sensor.kind'));
    const given = ['tactile_calibration', 'tactile_preset'].find(
      (name) => !['', 'none'].includes(value(name) as string),
    );
    const felt = kind.split('+').includes('touch');
    if (!felt && given !== undefined)
      throw new FeltmapError(
        'bad-config',
        `${given} is for tactile sensors, but sensor.kind is ${kind}; set it to touch, or to ${kind}+touch`,
      );
    if (felt && value('base_frame') === '')
      throw new FeltmapError(
        'bad-config',
        'base_frame is empty; with tactile sensors name the frame of the robot, or of what the arm stands on',
      );
  }

  #set(values: (readonly [string, unknown])[], starting: boolean): string[] {
    const checked = this.check(values, starting);
    const changed = [...checked].filter(([name, value]) => !same(value, this.#values.get(name)));
    for (const [name, value] of changed) this.#values.set(name, value);
    this.#config = this.#configWith(new Map());
    return changed.map(([name]) => name);
  }

  #configWith(over: ReadonlyMap<string, ParameterValue>): Config {
    const raw = structuredClone(this.#base) as RawConfig;
    for (const path of settingPaths()) {
      const value = over.get(path) ?? this.#values.get(path);
      if (value !== undefined) setByPath(raw, path, value);
    }
    return validateConfig(raw, 'Parameters');
  }

  #unknown(name: string): string {
    const near = nearestKey(name, [...this.#specs.keys()]);
    return `there is no parameter ${name}${near ? `; did you mean ${near}?` : ' (ros2 param list shows them all)'}`;
  }
}

/** Parameters that are about one depth camera. */
const CAMERA_TOPIC_NAMES = [
  'depth_topic',
  'color_topic',
  'camera_info_topic',
  'color_camera_info_topic',
  'points_topic',
] as const;

/** Who names a camera's preset or depth topic wants a map made with cameras. */
function withSensor(values: (readonly [string, unknown])[]): (readonly [string, unknown])[] {
  const has = (name: string): boolean => values.some(([n]) => n === name);
  const camera = values.some(
    ([name, value]) =>
      (name === 'preset' && value !== 'none') ||
      ((name === 'depth_topic' || name === 'points_topic') && value !== ''),
  );
  return camera && !has('sensor.kind') ? [...values, ['sensor.kind', 'rgbd']] : values;
}

function convert(spec: ParameterSpec, given: unknown): ParameterValue {
  const refuse = (wanted: string): never => {
    throw new FeltmapError('bad-config', `${spec.name} = ${show(given)} is refused; it takes ${wanted}`);
  };
  const wanted = spec.constraints || KIND_NAMES[spec.kind];
  switch (spec.kind) {
    case 'bool':
      return typeof given === 'boolean' ? given : refuse(KIND_NAMES.bool);
    case 'string': {
      if (typeof given !== 'string') return refuse(KIND_NAMES.string);
      if (spec.choices && !spec.choices.includes(given)) refuse(`one of ${spec.choices.join(', ')}`);
      if (spec.constraints === 'not empty' && given === '') refuse('a name that is not empty');
      return given;
    }
    case 'string-array': {
      const list = given as readonly unknown[];
      if (!Array.isArray(given) || !list.every((item) => typeof item === 'string' && item !== ''))
        return refuse(KIND_NAMES['string-array']);
      if (list.length < 1 || list.length > 8 || new Set(list).size < list.length)
        refuse(`1 to 8 different ${spec.name === 'lidar_topics' ? 'topic ' : ''}names`);
      return list as string[];
    }
    case 'double-array': {
      // ROS gives whole numbers as bigint, and arrays of numbers as typed arrays.
      const list: unknown[] = Array.isArray(given) || isNumbers(given) ? Array.from(given) : [NaN];
      const numbers = list.map((item) => (typeof item === 'bigint' ? Number(item) : item));
      const isNumber = (item: unknown): item is number => typeof item === 'number' && Number.isFinite(item);
      return numbers.every(isNumber) ? numbers : refuse(wanted);
    }
    default: {
      const value = typeof given === 'bigint' ? Number(given) : given;
      if (typeof value !== 'number' || !Number.isFinite(value)) return refuse(wanted);
      if (spec.kind === 'integer' && !Number.isSafeInteger(value)) refuse(KIND_NAMES.integer);
      const [low, high] = spec.range ?? [-Infinity, Infinity];
      if (value < low || value > high) refuse(spec.constraints || `a number from ${low} to ${high}`);
      return value;
    }
  }
}

function isNumbers(given: unknown): given is Float64Array | BigInt64Array {
  return given instanceof Float64Array || given instanceof BigInt64Array;
}

function same(a: ParameterValue, b: ParameterValue | undefined): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.join('\n') === b.join('\n') : a === b;
}

function show(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
}
