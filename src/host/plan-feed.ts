import { FeltmapError } from '../geometry/errors.js';
import { compose, fromQuaternion, type Pose, transformPoint } from '../geometry/se3.js';
import type { Header } from '../messages/header.js';
import { encodeOccupancyGrid } from '../messages/occupancy-grid.js';
import { encodePointCloud2, PointType } from '../messages/pointcloud2.js';
import { type CostMap, FREE } from '../planning/ground.js';
import type { Slam } from '../slam/types.js';

export interface PlanMessageOptions {
  readonly header: Header;
  /** Position of the robot's base in the odom frame, metres. */
  readonly robot: readonly [number, number, number];
  /** Whether distances at a height are wanted, too. */
  readonly slice: boolean;
}

/** Messages in CDR. */
export interface PlanMessages {
  /** nav_msgs/OccupancyGrid. */
  readonly costmap: Uint8Array<ArrayBuffer>;
  /** sensor_msgs/PointCloud2 with x, y, z and distance (m). */
  readonly slice?: Uint8Array<ArrayBuffer>;
}

const FIELDS = ['x', 'y', 'z', 'distance'] as const;
const POINT_BYTES = 4 * FIELDS.length;

/**
 * Cost map and distance slice of a system as ROS has them, in the odom frame.
 *
 * @param submap that is being mapped
 * @returns undefined while nothing is mapped
 * @throws FeltmapError unsupported for a system that cannot plan
 */
export function planMessages(
  slam: Slam,
  submap: number,
  { header, robot, slice: wanted }: PlanMessageOptions,
): PlanMessages | undefined {
  if (!slam.plan) throw new FeltmapError('unsupported', 'This SLAM system makes no cost maps.');
  const plan = slam.plan(robot, wanted);
  if (!plan) return undefined;
  const T_odom_submap = slam.trajectory.submap(submap);
  const { map, slice } = plan;
  const { width, height, resolution, states } = map;
  const costmap = encodeOccupancyGrid({
    ...header,
    mapLoadTimeNs: header.stampNs,
    resolution,
    width,
    height,
    origin: compose(T_odom_submap, cornerOf(map)),
    data: states,
  });
  return { costmap, ...(slice && { slice: sliceMessage(header, slice, T_odom_submap) }) };
}

/** T_submap_grid: the lower left corner of the first cell, at the mean height of the ground, so that RViz draws it there. */
function cornerOf({ i0, j0, resolution, states, heights }: CostMap): Pose {
  let [sum, count] = [0, 0];
  for (let c = 0; c < states.length; c++)
    if (states[c] === FREE) {
      sum += heights[c]!;
      count++;
    }
  const z = count === 0 ? 0 : sum / count;
  return fromQuaternion([i0 * resolution, j0 * resolution, z], [0, 0, 0, 1]);
}

function sliceMessage(header: Header, slice: Float32Array, T: Pose): Uint8Array<ArrayBuffer> {
  const count = slice.length / FIELDS.length;
  const data = new Uint8Array(count * POINT_BYTES);
  const view = new DataView(data.buffer);
  for (let i = 0; i < count; i++) {
    const [x, y, z, distance] = slice.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    [...transformPoint(T, x, y, z), distance].forEach((v, k) =>
      view.setFloat32(i * POINT_BYTES + 4 * k, v, true),
    );
  }
  return encodePointCloud2({
    ...header,
    height: 1,
    width: count,
    fields: FIELDS.map((name, k) => ({ name, offset: 4 * k, datatype: PointType.FLOAT32, count: 1 })),
    bigEndian: false,
    pointStep: POINT_BYTES,
    rowStep: data.length,
    data,
    isDense: true,
  }) as Uint8Array<ArrayBuffer>;
}
