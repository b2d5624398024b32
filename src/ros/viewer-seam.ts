import type { Pose } from '../geometry/se3.js';
import type { MeshChanges } from '../mesh/block-store.js';
import type { MapStatistics, ScanResult } from '../slam/types.js';

/** What the node feeds a browser viewer with. Nothing here may block or throw for a viewer's sake. */
export interface NodeViewer {
  /** A scan was processed: T_map_sensor, state, times; statistics of the map. */
  result(result: ScanResult, statistics: MapStatistics): void;
  /** Blocks that changed since the last call, in the map's frame. */
  mesh(changes: MeshChanges): void;
  /** The map starts anew; T_odom_map comes with the first scan. */
  reset(): void;
  /** T_odom_map. */
  origin(pose: Pose): void;
  close(): Promise<void>;
}

/** Starts a viewer on a port of this machine. */
export type StartViewer = (port: number) => Promise<NodeViewer>;
