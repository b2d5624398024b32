import { FeltmapError } from '../../geometry/errors.js';
import type { PointCloud2 } from '../../messages/pointcloud2.js';
import { checkField, checkLayout, ColumnReader, findField } from '../lidar/point-columns.js';
import type { TouchPoints } from './touch.js';

/** How points of contact are read. */
export interface ContactCloudOptions {
  /** Taxels with less pressure (or force) touch nothing; default: all that press at all. */
  readonly threshold?: number;
  /** Standard deviation of a point (m); default 1 mm. */
  readonly sigma?: number;
}

const SIGMA = 0.001;
const NORMALS = [['normal_x', 'nx'], ['normal_y', 'ny'], ['normal_z', 'nz']] as const; // prettier-ignore
const PRESSURES = ['pressure', 'force', 'force_magnitude'];

/**
 * Points of contact from a cloud: x, y, z, normals where it has them (normal_x …), and the pressure or force of taxel
 * arrays. An empty cloud touches nothing.
 *
 * @throws FeltmapError bad-input for a cloud that contradicts itself or has no coordinates
 */
export function touchFromCloud(cloud: PointCloud2, options: ContactCloudOptions = {}): TouchPoints {
  const { threshold = 0, sigma = SIGMA } = options;
  const { stampNs, frameId } = cloud;
  const layout = checkLayout(cloud);
  const column = (names: readonly string[]): Float32Array | undefined => {
    const field = findField(cloud, names);
    if (!field) return undefined;
    checkField(cloud, field);
    const out = new Float32Array(layout.count);
    new ColumnReader(cloud, layout).read(field, out);
    return out;
  };
  const places = ['x', 'y', 'z'].map((name) => column([name]));
  if (places.some((values) => !values))
    throw new FeltmapError(
      'bad-input',
      `The touch points of '${frameId}' have no fields x, y and z; they are left out.`,
    );
  const normals = NORMALS.map((names) => column(names));
  const pressure = column(PRESSURES);
  const chosen: number[] = [];
  for (let i = 0; i < layout.count; i++) if (!pressure || pressure[i]! > threshold) chosen.push(i);
  const pick = (columns: readonly (Float32Array | undefined)[]): Float32Array =>
    Float32Array.from(chosen.flatMap((i) => columns.map((values) => values![i]!)));
  return {
    kind: 'touch-points',
    stampNs,
    frameId,
    points: pick(places),
    ...(normals.every(Boolean) && { normals: pick(normals) }),
    sigma,
  };
}
