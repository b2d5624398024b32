import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTum } from '../../src/export/tum.js';
import type { Pose } from '../../src/geometry/se3.js';
import { decodeMarkerArray, type Marker, MarkerAction, MarkerType } from '../../src/messages/markers.js';
import { decodeTFMessage } from '../../src/messages/poses.js';
import { valuesOf } from './diagnostics.js';
import { FeltmapProcess } from './feltmap-process.js';
import { type DiagnosticMessage, Graph, nanoseconds, type OdometryMessage } from './graph.js';
import { playRecording } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { readMessages, type Recorded } from './recording.js';
import { settled, sleep, until } from './wait.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const HEIGHTS = '/tactile/depth';
const TOUCHES = 60;
/** A gel of 20 mm, 96 pixels across. */
const PITCH = 0.02 / 96;

/** A mug on a table, along which a gel slides on an arm that is off by 2 mm and 1°, simulated: heights (32FC1) and tf. */
describe('a tactile sensor on an arm', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let folder: string;
  let messages: Recorded[];
  let truth: ReadonlyMap<bigint, Pose>;
  let odometry: OdometryMessage[];
  let diagnostics: DiagnosticMessage[];
  let touches: Marker[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feltmap-touch-'));
    const bag = join(folder, 'touch.mcap');
    const args = ['sim', 'touch', '--object', 'mug', '--touches', String(TOUCHES), '--width', '96'];
    const made = spawnSync(
      process.execPath,
      [MAIN, ...args, '--seed', '1', '--only', 'depth', '--probing', 'sliding', '--out', bag],
      { encoding: 'utf8' },
    );
    expect(made.status, made.stderr).toBe(0);
    messages = await readMessages(bag, ['/tf', HEIGHTS]);
    const { stampsNs, poses } = parseTum(await readFile(join(folder, 'touch.tum'), 'utf8'));
    truth = new Map(stampsNs.map((stamp, k) => [stamp, poses[k]!]));

    graph = await Graph.open();
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
    diagnostics = graph.collect('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics');
    const markers = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/touch');
    node = new FeltmapProcess([], {
      'sensor.kind': 'touch',
      tactile_input: 'depth',
      'touch.pitch': String(PITCH),
      base_frame: 'map',
      tf_timeout: '2.0',
    });
    const publishers = new Map<string, RclPublisher>([
      ['/tf', await graph.publisher('tf2_msgs/msg/TFMessage', '/tf', 'reliable')],
      [HEIGHTS, await graph.publisher('sensor_msgs/msg/Image', HEIGHTS, 'sensor')],
    ]);
    await node.printed(/Ready\./);
    await playRecording(publishers, messages);
    await settled('patches', markers, 0.9 * TOUCHES);
    await sleep(1500);
    touches = markers.flatMap((bytes) => decodeMarkerArray(bytes));
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('maps every touch, registered with those before, where the arm has it', () => {
    const own = new Map(touches.map((marker) => [`${marker.ns}/${marker.id}`, marker]));
    expect(own.size).toBe(TOUCHES);
    const arm = new Map(
      messages
        .filter(({ topic }) => topic === '/tf')
        .flatMap(({ data }) => decodeTFMessage(data))
        .map(({ stampNs, transform }) => [stampNs, transform] as const),
    );
    const off = { arm: [] as number[], found: [] as number[] };
    let registered = 0;
    for (const { stampNs, type, action, frameId, pose, points, color } of own.values()) {
      expect([type, action, frameId]).toEqual([MarkerType.points, MarkerAction.add, 'odom']);
      expect(points.length).toBeGreaterThan(30);
      const right = truth.get(stampNs)!;
      off.arm.push(away(arm.get(stampNs)!, right));
      off.found.push(away(pose, right));
      if (color[1] > 0.8) registered++; // green or yellow
    }
    console.info(
      `touch: ${own.size} of ${TOUCHES} mapped, ${registered} registered; poses ${mm(off.found).toFixed(2)} mm rms off, ` +
        `by the arm ${mm(off.arm).toFixed(2)}; ` +
        `${valuesOf(diagnostics.at(-1)!, ': touch').get('touch_ms')} ms the last touch`,
    );
    // Each stroke of twelve begins where nothing was felt before.
    expect(registered).toBeGreaterThan(0.8 * TOUCHES);
    // All of a stroke are off alike, which only strokes that cross could tell.
    expect(mm(off.found)).toBeLessThan(1.2 * mm(off.arm));
  });

  it('stands where the arm stands, and reports the touches', () => {
    expect(odometry.length).toBeGreaterThan(0);
    const { header, child_frame_id, pose } = odometry.at(-1)!;
    expect([header.frame_id, child_frame_id]).toEqual(['odom', 'map']);
    expect(pose.pose.position).toEqual({ x: 0, y: 0, z: 0 });
    const sent = new Set(
      messages.filter(({ topic }) => topic === HEIGHTS).map(({ data }) => data.readInt32LE(4)),
    );
    expect(sent.has(Number(nanoseconds(header.stamp) / 1_000_000_000n))).toBe(true);
    expect(Number(valuesOf(diagnostics.at(-1)!, ': touch').get('touches'))).toBe(TOUCHES);
    expect(node.output).not.toMatch(/\[ERROR\]/);
    expect(node.stacks).toEqual([]);
  });

  it('sends all patches, and the mesh of what was felt, to one who comes late', async () => {
    const late = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/touch');
    const mesh = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/mesh');
    const seen = (list: readonly Buffer[]): Marker[] => list.flatMap((bytes) => decodeMarkerArray(bytes));
    await until('all patches', () => new Set(seen(late).map(({ id }) => id)).size === TOUCHES);
    await until('a mesh', () => seen(mesh).length > 5);
    const corners = seen(mesh).flatMap(({ points }) => [...points]);
    for (let i = 0; i < corners.length; i += 3)
      expect(Math.hypot(corners[i]!, corners[i + 1]!)).toBeLessThan(0.2); // the mug is at the origin
  });
});

/** Distance between the origins (m). */
const away = (a: Pose, b: Pose): number => Math.hypot(a[3]! - b[3]!, a[7]! - b[7]!, a[11]! - b[11]!);

/** Root mean square in millimetres. */
const mm = (values: readonly number[]): number =>
  1000 * Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
