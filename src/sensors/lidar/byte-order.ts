import type { PointCloud2, PointField } from '../../messages/pointcloud2.js';
import type { PointLayout } from './point-columns.js';

const FLOAT32 = 7;
const FLOAT64 = 8;
/** Points that are looked at. */
const SAMPLES = 256;
/** Coordinates of this size (m) can have been measured; bytes in the wrong order are mostly far outside. */
const SMALLEST = 1e-5;
const LARGEST = 1e4;
/** Shares of the points that can have been measured, in an order that is wrong (at most) and in one that is right. */
const WRONG = 0.5;
const RIGHT = 0.9;

/**
 * Whether the numbers of a cloud are big-endian: what it says, unless its coordinates are no lengths in that order and are in the other
 * one. Drivers copy the flag without looking, so that it is false on both sides.
 *
 * @param xyz fields of the coordinates, which have passed checkField
 */
export function isBigEndian(
  { bigEndian, data }: PointCloud2,
  { count, width, pointStep, rowStep }: PointLayout,
  xyz: readonly PointField[],
): boolean {
  if (!xyz.every(({ datatype }) => datatype === FLOAT32 || datatype === FLOAT64)) return bigEndian;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const step = Math.max(1, Math.floor(count / SAMPLES));
  let [looked, asTold, otherwise] = [0, 0, 0];
  for (let i = 0; i < count; i += step) {
    const at = Math.floor(i / width) * rowStep + (i % width) * pointStep;
    const told = isMeasured(view, at, xyz, !bigEndian);
    const other = isMeasured(view, at, xyz, bigEndian);
    if (told === undefined || other === undefined) continue;
    looked++;
    if (told) asTold++;
    if (other) otherwise++;
  }
  return asTold < WRONG * looked && otherwise > RIGHT * looked ? !bigEndian : bigEndian;
}

/** Whether a point can have been measured; undefined where it says in this order that nothing was: zeros, NaN or infinite. */
function isMeasured(
  view: DataView,
  at: number,
  xyz: readonly PointField[],
  little: boolean,
): boolean | undefined {
  let zeros = 0;
  for (const { datatype, offset } of xyz) {
    const v =
      datatype === FLOAT32 ? view.getFloat32(at + offset, little) : view.getFloat64(at + offset, little);
    if (v - v !== 0) return undefined;
    if (v === 0) zeros++;
    else if (!(Math.abs(v) >= SMALLEST && Math.abs(v) <= LARGEST)) return false;
  }
  return zeros === xyz.length ? undefined : true;
}
