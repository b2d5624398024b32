import type { SensorSet } from '../config/sensor-sets.js';

import type { CalibrateTouchOptions } from './calibrate-touch.js';
import type { TouchOptions } from './touch.js';

/** Options of `feltmap replay`, as commander delivers them. */
export interface ReplayOptions {
  out?: string;
  gt?: string;
  topic?: string;
  sensor?: SensorSet;
  /** Frame of tf whose poses are written. */
  baseFrame?: string;
  /** Depth and colour topics of a bag. */
  depth?: string;
  color?: string;
  /** Topics of tactile sensors with commas between, or none; file with the calibration of their gels. */
  touch?: string;
  touchCalibration?: string;
  imu?: string;
  odometry?: string;
  deskew?: 'auto' | 'always' | 'never';
  /** Columns of .bin files. */
  layout?: string;
  /** Metres of a unit of the depth images of a folder. */
  depthScale?: number;
  config?: string;
  set: string[];
  engine?: string;
  threads?: number;
  start?: number;
  duration?: number;
  seed?: number;
  map?: string;
  /** Boxes whose objects are completed. */
  complete?: number[][];
  /** Boxes in frames that move. */
  completeIn?: string[];
  maxLost: number;
  json?: boolean;
  quiet?: boolean;
  /** Port of the viewer; absent without it. */
  view?: number;
  viewHost?: string;
  viewToken?: string;
  viewExit?: boolean;
  open?: boolean;
}

export interface ViewOptions {
  port: number;
  host: string;
  token?: string;
  open?: boolean;
  trajectory?: string;
}

export interface CompleteOptions {
  box: number[];
  out: string;
  table?: number[];
  sigma?: number;
  json?: boolean;
}

export interface InfoOptions {
  layout?: string;
  depthScale?: number;
  engines?: boolean;
  json?: boolean;
}

export interface ConvertOptions {
  layout?: string;
  json?: boolean;
  quiet?: boolean;
}

export interface SimCommandOptions {
  out?: string;
  seed?: number;
  beams?: number;
  columns?: number;
  rate?: number;
  duration?: number;
  length?: number;
  motion?: string;
  noise?: number;
  imu?: boolean;
  odometry?: boolean;
  camera?: boolean;
  elevationOffset?: number;
  maxRate?: number;
  stamp?: 'start' | 'middle';
  organised?: boolean;
  width?: number;
  height?: number;
  registered?: boolean;
  without?: string[];
  raw?: boolean;
  compressedDepth?: boolean;
  quality?: number;
  threads?: number;
  lidar?: boolean;
  object?: string;
  touches?: number;
  touchRate?: number;
  probing?: string;
  positionError?: number;
  rotationError?: number;
  exposure?: number;
  only?: string[];
  presses?: number;
  folder?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export interface ConfigOptions {
  docs?: boolean;
  config?: string;
  set: string[];
}

export interface EvalTrajCommandOptions {
  align: 'se3' | 'first' | 'none';
  match: 'interpolate' | 'nearest';
  tolerance?: number;
  lengths?: number[];
  step?: number;
  bag?: string;
  json?: boolean;
}

export interface EvalMeshCommandOptions {
  thresholds?: number[];
  spacing?: number;
  trajectory?: string;
  gt?: string;
  radius?: number;
  seed?: number;
  json?: boolean;
}

/** What the commands do; each resolves to the exit status. */
export interface Actions {
  replay(input: string, options: ReplayOptions): Promise<number>;
  view(path: string, options: ViewOptions): Promise<number>;
  complete(path: string, options: CompleteOptions): Promise<number>;
  info(path: string | undefined, options: InfoOptions): Promise<number>;
  convert(input: string, output: string, options: ConvertOptions): Promise<number>;
  sim(world: string, options: SimCommandOptions): Promise<number>;
  evalTrajectory(estimate: string, truth: string, options: EvalTrajCommandOptions): Promise<number>;
  evalMesh(mesh: string, truth: string, options: EvalMeshCommandOptions): Promise<number>;
  calibrateTouch(folder: string, options: CalibrateTouchOptions): Promise<number>;
  touch(folder: string, options: TouchOptions): Promise<number>;
  config(options: ConfigOptions): Promise<number>;
  node(args: readonly string[]): Promise<number>;
}
