import type { Config } from '../config/schema.js';
import { FeltmapError, type ErrorCode } from '../geometry/errors.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { MapStatistics, ScanResult, Slam } from '../slam/types.js';
import type { Mesh } from '../mesh/mesh.js';
import type { ViewUpdate } from './viewer-feed/view-update.js';

/** Makes the SLAM system: `createSlam` in the program, a small double in tests. `map`: a saved field to continue. */
export type SlamFactory = (config: Config, map?: ReadonlyMap<string, Uint8Array>) => Promise<Slam>;

/** What the worker is started with. `factoryUrl`: a module that exports `createSlam`. */
export interface SlamWorkerData {
  readonly config: Config;
  readonly factoryUrl: string;
  readonly map?: ReadonlyMap<string, Uint8Array>;
  /** Somebody may watch: changes of the mesh are sent when asked for, and in any case at the end. */
  readonly view?: boolean;
}

/** Main thread → worker. */
export type SlamRequest =
  | { type: 'scan'; scan: LidarScan }
  /** Whether changes of the mesh and thinned scans are wanted from now on. */
  | { type: 'view'; active: boolean }
  /** Answered by `viewed` when all changes of the mesh so far are sent. */
  | { type: 'flushView' }
  | { type: 'finish' };

/** Everything the run leaves behind. */
export interface SlamFinal {
  readonly mesh: Mesh;
  readonly cloud: Float32Array;
  readonly map: ReadonlyMap<string, Uint8Array>;
  readonly statistics: MapStatistics;
}

/** Worker → main thread. Every scan is answered by `result`, or by `failed` and nothing more until `finish`. */
export type SlamReply =
  | { type: 'ready'; warnings: readonly string[] }
  /** All warnings so far, when there are new ones. */
  | { type: 'warnings'; warnings: readonly string[] }
  | { type: 'result'; result: ScanResult; statistics: MapStatistics; keyframe: boolean }
  | { type: 'view'; update: ViewUpdate }
  | { type: 'viewed' }
  | { type: 'final'; final: SlamFinal }
  | { type: 'failed'; during: 'start' | 'scan' | 'finish'; error: PortableError };

/** An error that survives the way between threads with its code. */
export interface PortableError {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly stack?: string;
}

export function packError(error: unknown): PortableError {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...(error instanceof FeltmapError ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

export function unpackError(packed: PortableError): Error {
  const error = packed.code ? new FeltmapError(packed.code, packed.message) : new Error(packed.message);
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
