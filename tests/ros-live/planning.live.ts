import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, type HeaderMessage, type OdometryMessage } from './graph.js';
import { play } from './playback.js';
import { readClouds } from './recording.js';
import { settled, until } from './wait.js';

interface OccupancyGridMessage {
  header: HeaderMessage;
  info: {
    resolution: number;
    width: number;
    height: number;
    origin: { position: { x: number; y: number; z: number } };
  };
  data: ArrayLike<number>;
}

/** The shipped drive: where its car has been, a robot can go. */
describe('cost map and distances', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let odometry: OdometryMessage[];
  let grids: OccupancyGridMessage[];
  let slices: Buffer[];

  beforeAll(async () => {
    graph = await Graph.open();
    const clouds = await readClouds(80);
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
    grids = graph.collect('nav_msgs/msg/OccupancyGrid', '/costmap', 'latched');
    slices = graph.collectRaw('sensor_msgs/msg/PointCloud2', '/distance_slice');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'velodyne', mesh_rate: '0.0' });
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
    await node.printed(/Ready\./);
    await play(publisher, clouds);
    await settled('odometry messages', odometry, 72);
    const before = grids.length;
    await until('a cost map of the whole drive', () => grids.length > before + 1);
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
  });

  it('the map: free where the car was, occupied beside the road, unknown beyond', () => {
    const { header, info, data } = grids.at(-1)!;
    expect(header.frame_id).toBe('odom');
    expect(data.length).toBe(info.width * info.height);
    const cell = (x: number, y: number): number => {
      const column = Math.floor((x - info.origin.position.x) / info.resolution);
      const row = Math.floor((y - info.origin.position.y) / info.resolution);
      const inside = column >= 0 && column < info.width && row >= 0 && row < info.height;
      return inside ? data[row * info.width + column]! : -1;
    };
    const count = (value: number): number => Array.from(data).filter((v) => v === value).length;
    const [free, occupied, unknown] = [count(0), count(100), count(-1)];
    // Where the drive began the ground lay in the blind spot beneath the LiDAR, and soon a car follows.
    const driven = odometry
      .map(({ pose }) => pose.pose.position)
      .filter(({ x, y }) => Math.hypot(x, y) > 6)
      .map(({ x, y }) => cell(x, y));
    const known = driven.filter((value) => value >= 0);
    console.info(
      `cost map: ${info.width} × ${info.height} cells of ${info.resolution.toFixed(2)} m, ${free} free, ${occupied} occupied, ` +
        `${unknown} unknown; of ${driven.length} driven cells ${known.length} known, ${known.filter((v) => v === 0).length} free`,
    );
    expect(free + occupied + unknown).toBe(data.length);
    expect(driven.length).toBeGreaterThan(20);
    expect(known.length).toBeGreaterThan(0.7 * driven.length);
    expect(known.filter((value) => value === 0).length).toBeGreaterThan(0.85 * known.length);
    expect(occupied).toBeGreaterThan(100);
    expect(unknown).toBeGreaterThan(100);
  });

  it('the slice: points with their signed distances', () => {
    const { fields, width, height, frameId, data, pointStep } = decodePointCloud2(slices.at(-1)!);
    expect(frameId).toBe('odom');
    expect(fields.map(({ name }) => name)).toEqual(['x', 'y', 'z', 'distance']);
    expect(width * height).toBeGreaterThan(100);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const at = fields[3]!.offset;
    const distances = Array.from({ length: width * height }, (_, i) =>
      view.getFloat32(i * pointStep + at, true),
    );
    expect(distances.every(Number.isFinite)).toBe(true);
    expect(Math.min(...distances)).toBeLessThan(0.3);
    expect(Math.max(...distances)).toBeGreaterThan(0.5);
  });

  it('the map is there at once for one who comes late', async () => {
    const late = graph.collect<OccupancyGridMessage>('nav_msgs/msg/OccupancyGrid', '/costmap', 'latched');
    await until('the map', () => late.length > 0, 3000);
    expect(late[0]!.data.length).toBe(late[0]!.info.width * late[0]!.info.height);
  });
});
