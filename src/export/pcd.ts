import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { FeltmapError } from '../geometry/errors.js';

interface Point {
  x: number;
  y: number;
  z: number;
  /** 0…255, where the cloud has colours. */
  r?: number;
  g?: number;
  b?: number;
}

/** What we use of pcl.js (its own declarations describe more than works). */
interface Cloud {
  readonly size: number;
  readonly points: { get(index: number): Point };
  addPoint(point: Point): void;
  readonly manager: { delete(): void };
}

interface Pcl {
  init(options: { arrayBuffer: Uint8Array }): Promise<void>;
  readonly PointXYZ: unknown;
  readonly PointXYZRGB: unknown;
  readonly PointCloud: new (type: unknown) => Cloud;
  savePCDDataASCII(cloud: Cloud): string | Uint8Array;
  savePCDDataBinary(cloud: Cloud): string | Uint8Array;
  savePCDDataBinaryCompressed(cloud: Cloud): string | Uint8Array;
  loadPCDData(data: ArrayBuffer, type: unknown): Cloud;
}

export type PcdEncoding = 'ascii' | 'binary' | 'compressed';

let loaded: Promise<Pcl> | undefined;

/**
 * PCD file of points, written by the Point Cloud Library (pcl.js, WebAssembly). Points that are not finite are left
 * out.
 *
 * @param points 3·N (m)
 * @param colors 3·N, 0…255: written as PCL's field `rgb`
 * @throws FeltmapError unsupported when pcl.js cannot be loaded or fails
 */
export async function encodePcd(
  points: Float32Array,
  encoding: PcdEncoding = 'binary',
  colors?: Uint8Array,
): Promise<Uint8Array> {
  // The library complains on stderr, in colour, about a cloud without points.
  if (!hasPoints(points)) return emptyPcd(encoding, colors !== undefined);
  const pcl = await load();
  return guarded(() => {
    const cloud = new pcl.PointCloud(colors ? pcl.PointXYZRGB : pcl.PointXYZ);
    try {
      const point: Point = { x: 0, y: 0, z: 0 };
      for (let i = 0; i < points.length; i += 3) {
        point.x = points[i]!;
        point.y = points[i + 1]!;
        point.z = points[i + 2]!;
        if (colors) [point.r, point.g, point.b] = [colors[i]!, colors[i + 1]!, colors[i + 2]!];
        // Only push_back reaches the cloud itself: `points.set` changes a copy.
        if (Number.isFinite(point.x + point.y + point.z)) cloud.addPoint(point);
      }
      const bytes =
        encoding === 'ascii'
          ? pcl.savePCDDataASCII(cloud)
          : encoding === 'binary'
            ? pcl.savePCDDataBinary(cloud)
            : pcl.savePCDDataBinaryCompressed(cloud);
      return typeof bytes === 'string' ? Buffer.from(bytes) : bytes.slice();
    } finally {
      cloud.manager.delete();
    }
  });
}

function hasPoints(points: Float32Array): boolean {
  for (let i = 0; i < points.length; i += 3)
    if (Number.isFinite(points[i]! + points[i + 1]! + points[i + 2]!)) return true;
  return false;
}

/** PCD file format v0.7, without points. */
function emptyPcd(encoding: PcdEncoding, colored: boolean): Uint8Array {
  const rgb = colored ? [' rgb', ' 4', ' F', ' 1'] : ['', '', '', ''];
  const kind = encoding === 'ascii' ? 'ascii' : 'binary';
  return new TextEncoder().encode(
    `# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z${rgb[0]}\nSIZE 4 4 4${rgb[1]}\nTYPE F F F${rgb[2]}\n` +
      `COUNT 1 1 1${rgb[3]}\nWIDTH 0\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 0\nDATA ${kind}\n`,
  );
}

/**
 * Points of a PCD file, read by the Point Cloud Library.
 *
 * @returns 3·N
 * @throws FeltmapError unsupported when pcl.js cannot be loaded or does not read the bytes
 */
export async function decodePcd(bytes: Uint8Array): Promise<Float32Array> {
  const pcl = await load();
  return guarded(() => {
    const cloud = pcl.loadPCDData(bytes.slice().buffer, pcl.PointXYZ);
    try {
      const { points, size } = cloud;
      const out = new Float32Array(3 * size);
      for (let i = 0; i < size; i++) {
        const { x, y, z } = points.get(i);
        out.set([x, y, z], 3 * i);
      }
      return out;
    } finally {
      cloud.manager.delete();
    }
  });
}

function load(): Promise<Pcl> {
  loaded ??= initialise().catch((error: unknown) => {
    loaded = undefined;
    throw failure(error);
  });
  return loaded;
}

async function initialise(): Promise<Pcl> {
  const require = createRequire(import.meta.url); // its ESM build does not load in Node
  const pcl = require('pcl.js') as Pcl;
  const wasm = await readFile(require.resolve('pcl.js/pcl-core.wasm')); // its own loader asks over HTTP
  // Emscripten puts process-wide crash handlers in place; a library must not.
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set(process.rawListeners(event)));
  await pcl.init({ arrayBuffer: wasm });
  events.forEach((event, i) => {
    for (const listener of process.rawListeners(event))
      if (!before[i]!.has(listener)) process.removeListener(event, listener as (...args: unknown[]) => void);
  });
  return pcl;
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failure(error);
  }
}

function failure(error: unknown): FeltmapError {
  const detail = error instanceof Error ? error.message : `code ${String(error)}`;
  return new FeltmapError(
    'unsupported',
    `The Point Cloud Library (pcl.js) failed: ${detail.slice(0, 200)}; run \`npm ci\` again, or use mesh.ply, which holds the same surface.`,
    { cause: error },
  );
}
