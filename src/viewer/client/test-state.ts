import type { LinkState } from './net/connection.js';

/** What `window.feltmap` shows, for tests and debugging. Read-only. */
export interface FeltmapState {
  readonly link: LinkState;
  /** Names the run of the server; another after its restart. */
  readonly session: string;
  readonly mode: string;
  readonly phase: string;
  readonly snapshots: number;
  readonly loading: boolean;
  readonly blocks: number;
  readonly triangles: number;
  readonly trajectory: number;
  readonly keyframes: number;
  readonly scans: number;
  readonly paused: boolean;
  readonly touches: number;
  /** Completed objects. */
  readonly objects: number;
  readonly images: number;
  /** Cameras with a frustum. */
  readonly cameras: number;
  readonly shading: string;
  readonly camera: string;
  /** Nothing waits to be built or drawn. */
  readonly settled: boolean;
  readonly drawCalls: number;
  readonly drawnTriangles: number;
  /** Frames drawn so far. */
  readonly frames: number;
  /** Step of the governor: 0 is the best picture. */
  readonly quality: number;
  /** Between drawn frames while they follow each other, ms. */
  readonly frameMs: number;
  /** Of the measured line, metres. */
  readonly measured: number | undefined;
}
