import type { CompleteFrame, ControlFrame } from '../protocol/index.js';
import type { Box, NoticeFrame, StatusFrame } from '../protocol/index.js';

/** A block of triangles as the mesher has it. */
export interface ViewerBlock {
  readonly submap: number;
  /** Whole number below 2⁵³. */
  readonly key: number;
  /** Rises with every change of the block. */
  readonly version: number;
  /** 3·V, metres, submap frame. */
  readonly positions: Float32Array;
  /** 3·V, unit. */
  readonly normals: Float32Array;
  /** 3·V, 0…255. */
  readonly colors?: Uint8Array;
  /** 3·T. */
  readonly indices: Uint16Array | Uint32Array;
  /** What the positions are quantised in; the tightest box when absent. Equal boxes side by side leave no cracks. */
  readonly box?: Box;
  /**
   * When this block first had a surface and when it was last changed, where that is known better than for all: seconds
   * of recording since the first scan.
   */
  readonly firstTime?: number;
  readonly time?: number;
}

/** The newest scan's points. */
export interface ViewerScan {
  readonly sensor: number;
  readonly submap: number;
  readonly stampNs: bigint;
  /** T_submap_sensor. */
  readonly pose: Float64Array;
  /** 3·N, metres, sensor frame. */
  readonly positions: Float32Array;
}

/** Where a camera was when it took its newest picture. */
export interface ViewerCamera {
  /** Number of its picture stream. */
  readonly stream: number;
  readonly submap: number;
  readonly stampNs: bigint;
  /** T_submap_camera; the camera's frame is optical: x right, y down, z forward. */
  readonly pose: Float64Array;
  /** Full angles of view across and down, radians. */
  readonly fovX: number;
  readonly fovY: number;
}

/** What the feeder says about the system; the server adds what it knows itself. */
export type ViewerStatus = Omit<
  StatusFrame,
  'type' | 'clients' | 'bytesPerSecond' | 'bytesSent' | 'pendingBlocks' | 'processMemory'
>;

/** Takes everything that changes; ViewerServer is one. Nothing here blocks or throws for a client's sake. */
export interface ViewerSink {
  /** @param time seconds of recording since the first scan: when the blocks changed */
  blocks(blocks: Iterable<ViewerBlock>, time: number): void;
  removeBlocks(removed: Iterable<{ submap: number; key: number; version: number }>): void;
  submapPose(submap: number, pose: Float64Array): void;
  /** The trajectory that is shown has new poses, or others than before, from this place on. */
  poses(start: number): void;
  /** @param pose index in the trajectory */
  addKeyframe(pose: number): void;
  scan(scan: ViewerScan): void;
  image(image: { stream: number; stampNs: bigint; width: number; height: number; jpeg: Uint8Array }): void;
  camera(camera: ViewerCamera): void;
  touch(touch: ViewerTouch): void;
  object(object: ViewerObject): void;
  removeObject(id: number): void;
  status(status: ViewerStatus): void;
  notice(level: NoticeFrame['level'], text: string): void;
  /** The map starts anew. */
  reset(): void;
}

export interface ViewerTouch {
  readonly id: number;
  readonly submap: number;
  readonly stampNs: bigint;
  /** Submap frame, metres. */
  readonly center: readonly [number, number, number];
  readonly normal: readonly [number, number, number];
  readonly radius: number;
  /** 3·N, submap frame; may be empty. */
  readonly positions: Float32Array;
}

/** A completed object, world frame. */
export interface ViewerObject {
  /** Whole number that names it. */
  readonly id: number;
  /** 3·V, metres. */
  readonly positions: Float32Array;
  /** 3·V, unit. */
  readonly normals: Float32Array;
  /** 3·V, 0…255. */
  readonly colors: Uint8Array;
  /** 3·T. */
  readonly indices: Uint32Array;
}

/** What the server asks of the feeder. All may be left out. */
export interface ViewerFeed {
  /** Somebody watches, or nobody: without watchers mesh and scans need not be delivered. */
  setActive?(active: boolean): void;
  /** Somebody has the page open, or nobody any more. */
  watched?(anybody: boolean): void;
  /** Resolves when all changes of the mesh so far have been delivered; called while active. */
  flush?(): Promise<void>;
  /** Pause, resume, speed. */
  control?(frame: ControlFrame): void;
  /** Somebody points at an object, or wants all completed again, or gone. */
  complete?(frame: CompleteFrame): void;
  /** A finished mesh as GLB file, better than what the blocks give. */
  meshFile?(): string | undefined;
}
