import type { LidarScan } from '../sensors/lidar/scan.js';
import type { SlamFinal } from './protocol.js';

type View = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

/**
 * The array and the buffer to hand over to another thread. An array that fills its own buffer goes without a copy; a
 * part of a larger or shared buffer is copied out first, or the rest of that buffer would go with it.
 */
function own<T extends View>(view: T, transfers: Set<ArrayBuffer>): T {
  const whole = view.buffer instanceof ArrayBuffer && view.byteLength === view.buffer.byteLength;
  const array = whole ? view : (view.slice() as T);
  transfers.add(array.buffer as ArrayBuffer);
  return array;
}

/** A scan ready for postMessage. Its arrays no longer belong to the sender. */
export function transferScan(scan: LidarScan): { scan: LidarScan; transfers: ArrayBuffer[] } {
  const transfers = new Set<ArrayBuffer>();
  const out: LidarScan = {
    ...scan,
    positions: own(scan.positions, transfers),
    ...(scan.times ? { times: own(scan.times, transfers) } : {}),
    ...(scan.intensities ? { intensities: own(scan.intensities, transfers) } : {}),
    ...(scan.rings ? { rings: own(scan.rings, transfers) } : {}),
  };
  return { scan: out, transfers: [...transfers] };
}

/** The results of a run ready for postMessage. */
export function transferFinal(final: SlamFinal): { final: SlamFinal; transfers: ArrayBuffer[] } {
  const transfers = new Set<ArrayBuffer>();
  const { positions, normals, colors, indices } = final.mesh;
  const out: SlamFinal = {
    mesh: {
      positions: own(positions, transfers),
      indices: own(indices, transfers),
      ...(normals ? { normals: own(normals, transfers) } : {}),
      ...(colors ? { colors: own(colors, transfers) } : {}),
    },
    cloud: own(final.cloud, transfers),
    map: new Map([...final.map].map(([name, bytes]) => [name, own(bytes, transfers)])),
    statistics: final.statistics,
  };
  return { final: out, transfers: [...transfers] };
}
