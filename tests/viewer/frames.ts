import type { Random } from '../../src/geometry/random.js';
import {
  boxOf,
  encodeNormals,
  quantisePositions,
  type ClientFrame,
  type MeshBlockFrame,
  type ServerFrame,
} from '../../src/viewer/protocol/index.js';

/** A block of random triangles somewhere within ±1 km, of 0.1 to 100 m. */
export function randomBlock(
  random: Random,
  most = 300,
): MeshBlockFrame & { exact: Float32Array; unit: Float32Array } {
  const vertices = 3 + random.int(random.int(2) === 0 ? 60 : most);
  const triangles = 1 + random.int(2 * vertices);
  const size = 0.1 * 10 ** random.range(0, 3);
  const corner = [0, 1, 2].map(() => random.range(-1000, 1000));
  const exact = Float32Array.from({ length: 3 * vertices }, (_, i) => corner[i % 3]! + random.range(0, size));
  const unit = new Float32Array(3 * vertices);
  for (let i = 0; i < unit.length; i += 3) {
    const v = [0, 1, 2].map(() => random.normal());
    const length = Math.hypot(...v);
    v.forEach((value, c) => (unit[i + c] = value / length));
  }
  const box = boxOf(exact);
  const colored = random.int(2) === 1;
  return {
    type: 'meshBlock',
    submap: random.int(5),
    key: random.int(2 ** 31) * 2 ** 20 + random.int(2 ** 20),
    version: 1 + random.int(1e6),
    firstSeen: random.int(1000),
    lastSeen: 1000 + random.int(1000),
    box,
    positions: quantisePositions(exact, box),
    normals: encodeNormals(unit),
    ...(colored ? { colors: Uint8Array.from({ length: 3 * vertices }, () => random.int(256)) } : {}),
    indices: Uint32Array.from({ length: 3 * triangles }, () => random.int(vertices)),
    exact,
    unit,
  };
}

const POSE = Float64Array.of(1, 0, 0, 1.5, 0, 1, 0, -2.5, 0, 0, 1, 3.25);
const BOX = { min: [1, 2, 3], size: [4, 5, 0.5] } as const;

/** One frame of every kind that the server sends, mesh blocks apart. */
export const SERVER_FRAMES: readonly ServerFrame[] = [
  {
    type: 'hello',
    session: 'b3c1',
    version: '1.2.3',
    mode: 'live',
    title: 'Straße № 5',
    voxel: 0.15,
    can: { pause: true, speed: false, mesh: true, trajectory: true, complete: true },
    streams: [{ stream: 1, name: 'camera', kind: 'rgb' }],
  },
  { type: 'snapshotBegin', blocks: 12, triangles: 3456 },
  { type: 'snapshotEnd' },
  { type: 'reset' },
  { type: 'submapPose', submap: 3, version: 9, pose: POSE },
  { type: 'blockRemoved', submap: 3, key: 2 ** 52 + 1, version: 77 },
  {
    type: 'trajectory',
    start: 41,
    stamps: BigInt64Array.of(1_700_000_000_123_456_789n, -5n, 0n),
    positions: Float64Array.of(1, 2, 3, 4, 5, 6, 7e6, 8, 9),
    orientations: Float32Array.of(0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0),
    submaps: Uint32Array.of(0, 1, 4e9),
    states: Uint8Array.of(0, 1, 2),
  },
  { type: 'keyframes', start: 2, poses: Uint32Array.of(5, 6, 900) },
  {
    type: 'scan',
    sensor: 1,
    submap: 2,
    stamp: 123n,
    pose: POSE,
    box: BOX,
    positions: Uint16Array.of(0, 1, 2, 65535, 4, 5),
  },
  {
    type: 'status',
    state: 'degraded',
    reason: 'Few points fit.',
    phase: 'running',
    scans: 10,
    scanRate: 9.5,
    latency: { track: 3.25, total: 20 },
    distance: 12.5,
    blocks: 3,
    voxels: 1536,
    triangles: 99,
    keyframes: 2,
    mapMemory: 1e9,
    processMemory: 2e9,
    droppedScans: 1,
    clients: 2,
    bytesPerSecond: 1000,
    bytesSent: 5000,
    pendingBlocks: 0,
    replay: { total: 100, position: 4.5, paused: false, speed: 0 },
  },
  {
    type: 'image',
    stream: 4,
    stamp: 99n,
    width: 320,
    height: 240,
    jpeg: Uint8Array.of(255, 216, 1, 2, 3, 255, 217),
  },
  { type: 'camera', stream: 4, submap: 2, stamp: 98n, pose: POSE, fovX: 1, fovY: 0.75 },
  {
    type: 'touch',
    id: 5,
    submap: 1,
    stamp: 7n,
    center: [1, 2, 3],
    normal: [0, 0, 1],
    radius: 0.25,
    box: BOX,
    positions: Uint16Array.of(9, 8, 7),
  },
  {
    type: 'object',
    id: 6,
    box: BOX,
    positions: Uint16Array.of(0, 0, 0, 65535, 0, 0, 0, 65535, 7),
    normals: Int8Array.of(0, 127, 0, -127, 5, 6),
    colors: Uint8Array.of(40, 90, 220, 255, 255, 255, 255, 50, 40),
    indices: Uint32Array.of(0, 1, 2, 2, 1, 0),
  },
  { type: 'objectRemoved', id: 7 },
  { type: 'notice', level: 'warning', text: 'The disk is filling up.' },
];

export const CLIENT_FRAMES: readonly ClientFrame[] = [
  { type: 'clientHello', scans: true, images: false },
  { type: 'control', command: 'speed', value: 2.5 },
  { type: 'control', command: 'pause', value: 0 },
  { type: 'resync' },
  { type: 'complete', action: 'around', point: [1.5, -2.25, 0.75] },
  { type: 'complete', action: 'clear', point: [0, 0, 0] },
];
