import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema.js';
import type { Pose } from '../../../src/geometry/se3.js';
import type { SlamReplies } from '../../../src/host/protocol.js';
import { SlamHost } from '../../../src/host/slam-host.js';
import { CompletionThread } from '../../../src/host/completion/completion-thread.js';
import type { CompletedRegion } from '../../../src/host/completion/complete-surface.js';
import { createSlam } from '../../../src/slam/create.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { around, BALL, BARE, frameAt, missAt, RADIUS, touchAt, UP } from './table-scene.js';

const FRAMES = 14;
const BOX = around(BALL, 0.09);
let config: Config;

async function mapped(between: (host: SlamHost, k: number) => Promise<unknown> = async () => undefined): Promise<SlamHost> {
  const host = await SlamHost.create(createSlam, { config }, () => undefined);
  for (let k = 0; k < FRAMES; k++) {
    await host.handle({ type: 'scan', scan: frameAt(k) });
    await between(host, k);
  }
  return host;
} // prettier-ignore

const withTouch = (): Promise<Config> =>
  loadConfig({
    set: ['engine=wasm', 'threads=1', 'map.memoryMiB=700', 'sensor.kind=rgbd+touch', 'rgbd.voxel=0.01'],
  });

/** T_odom_gel of a gel whose face is at a point and looks along a direction. */
function facing([px, py, pz]: readonly number[], z: readonly [number, number, number]): Pose {
  const side = Math.abs(z[2]) < 0.9 ? [-z[1], z[0], 0] : [0, -z[2], z[1]];
  const length = Math.hypot(...side);
  const x = side.map((v) => v / length) as [number, number, number];
  const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]] as const;
  return Float64Array.of(x[0], y[0], z[0], px!, x[1], y[1], z[1], py!, x[2], y[2], z[2], pz!);
}

type Surface = Parameters<CompletionThread['complete']>[0];
const surfaceOf = (host: SlamHost, box = BOX) => host.handle({ type: 'region', box }) as Promise<Surface>;
const bytesOf = async (host: SlamHost) => {
  const [map] = (await host.handle({ type: 'save-map' })) as SlamReplies['save-map'];
  return new Map([...map!.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
};

describe('objects of a live map', () => {
  const thread = new CompletionThread();
  let host: SlamHost;
  beforeAll(async () => {
    config = await loadConfig({
      set: ['engine=wasm', 'threads=1', 'map.memoryMiB=700', 'sensor.kind=rgbd', 'rgbd.voxel=0.01'],
    });
    host = await mapped();
  });
  afterAll(async () => {
    await thread.close();
    await host.close();
  });

  it('are completed in a thread of their own, where no camera looked, too', async () => {
    const surface = await surfaceOf(host);
    const object: CompletedRegion = await thread.complete(surface, BOX);
    const { mesh, table, next } = object;
    expect(object.points).toBeGreaterThan(30);
    table.normal.forEach((v, k) => expect(v).toBeCloseTo(UP[k]!, 1));
    const sides = { seen: [] as number[], hidden: [] as number[] };
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < mesh.positions.length; i += 3) {
      const d = [0, 1, 2].map((k) => mesh.positions[i + k]! - BALL[k]!);
      // The camera came from −x.
      const up = d[0]! * UP[0] + d[1]! * UP[1] + d[2]! * UP[2];
      [low, high] = [Math.min(low, up), Math.max(high, up)];
      if (Math.abs(up) < 0.03)
        sides[d[0]! < -0.01 ? 'seen' : 'hidden'].push(Math.abs(Math.hypot(...d) - RADIUS));
    }
    const mean = (values: number[]) => values.reduce((s, v) => s + v, 0) / values.length;
    expect(sides.hidden.length).toBeGreaterThan(50);
    expect(mean(sides.seen)).toBeLessThan(0.006);
    expect(mean(sides.hidden)).toBeLessThan(0.012);
    expect(high - low).toBeGreaterThan(1.6 * RADIUS);
    // Where to touch: on the surface, into it.
    const off = next!.point.map((v, k) => v - BALL[k]!);
    expect(Math.abs(Math.hypot(...off) - RADIUS)).toBeLessThan(0.02);
    expect(off.reduce((s, v, k) => s + v * next!.approach[k]!, 0)).toBeLessThan(0);
    expect(Math.hypot(...next!.approach)).toBeCloseTo(1, 5);
  });

  it('say why there are none: no surface, no object', async () => {
    const far = around([5, 5, 5], 0.1);
    const empty = await surfaceOf(host, far);
    expect(empty.grids).toEqual([]);
    await expect(thread.complete(empty, far)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/no surface in or around the box/) as string,
    });
    const bare = around(BARE, 0.05);
    await expect(thread.complete(await surfaceOf(host, bare), bare)).rejects.toThrow(/above the table/);
    // The thread is there for the next one.
    await expect(thread.complete(await surfaceOf(host), BOX)).resolves.toMatchObject({ touches: 0 });
  });

  it('are known again by what was seen of them, until something changes', async () => {
    const { fingerprint } = await surfaceOf(host);
    expect((await surfaceOf(host)).fingerprint).toBe(fingerprint);
    const more = await mapped();
    await more.handle({ type: 'scan', scan: frameAt(FRAMES + 3) });
    expect((await surfaceOf(more)).fingerprint).not.toBe(fingerprint);
    await more.close();
  });

  it('are surer where they were touched', async () => {
    const both = await SlamHost.create(createSlam, { config: await withTouch() }, () => undefined);
    for (let k = 0; k < FRAMES; k++)
      await both.handle({ type: 'scan', scan: { ...frameAt(k), mount: CAMERA_ON_BODY } });
    const seen = await surfaceOf(both);
    expect(seen.touches).toEqual([]);
    await both.handle({ type: 'scan', scan: touchAt(FRAMES - 1) });
    const felt = await surfaceOf(both);
    expect(felt.touches).toHaveLength(1);
    expect(felt.fingerprint).not.toBe(seen.fingerprint);
    const away: number[] = [];
    for (let i = 0; i < felt.touches[0]!.points.length; i += 3)
      away.push(Math.hypot(...BALL.map((c, k) => felt.touches[0]!.points[i + k]! - c)) - RADIUS);
    expect(Math.max(...away.map(Math.abs))).toBeLessThan(0.004);
    const place = [36, 37, 38].map((i) => felt.touches[0]!.points[i]!);
    const [before, after] = [await thread.complete(seen, BOX), await thread.complete(felt, BOX)];
    expect([before.touches, after.touches]).toEqual([0, 1]);
    const sigmaThere = ({ mesh }: CompletedRegion): number => {
      let [best, sigma] = [Infinity, NaN];
      mesh.sigmas.forEach((value, v) => {
        const gap = Math.hypot(...[0, 1, 2].map((k) => mesh.positions[3 * v + k]! - place[k]!));
        if (gap < best) [best, sigma] = [gap, value];
      });
      expect(best).toBeLessThan(0.03);
      return sigma;
    };
    expect(sigmaThere(after)).toBeLessThan(0.7 * sigmaThere(before));
    await both.close();
  });

  it('are not felt again where a gel met nothing', async () => {
    const both = await SlamHost.create(createSlam, { config: await withTouch() }, () => undefined);
    for (let k = 0; k < FRAMES; k++)
      await both.handle({ type: 'scan', scan: { ...frameAt(k), mount: CAMERA_ON_BODY } });
    const seen = await surfaceOf(both);
    const { next: first } = await thread.complete(seen, BOX);
    const { point, approach } = first!;
    await both.handle({ type: 'scan', scan: missAt(FRAMES - 1, facing(point, approach)) });
    const missed = await surfaceOf(both);
    expect(missed.fingerprint).not.toBe(seen.fingerprint);
    expect(missed.touches).toEqual([]);
    // What the camera looked through comes after what was felt.
    expect(Array.from(missed.free!.seen!, (one) => !one).indexOf(false)).toBe(1);
    // The ball lies behind the face, 7.5 mm in radius, about as sure as the arm.
    const [centre, sigma] = [[...missed.free!.points.slice(0, 3)], missed.free!.sigmas![0]!];
    centre.forEach((v, k) => expect(Math.abs(v - (point[k]! - 0.0075 * approach[k]!))).toBeLessThan(0.003));
    expect(sigma).toBeGreaterThan(0.0019);
    expect(sigma).toBeLessThan(0.005);
    const away = ({ next }: CompletedRegion) => Math.hypot(...next!.point.map((v, k) => v - centre[k]!));
    const again = await surfaceOf(both);
    const { points, clearances, seen: looked, sigmas } = again.free!;
    const rest = {
      points: points.slice(3),
      clearances: clearances.slice(1),
      seen: looked!.slice(1),
      sigmas: sigmas!.slice(1),
    };
    const told = { ...again, free: rest };
    // Control: without the miss the same place is proposed again.
    expect(away(await thread.complete(told, BOX))).toBeLessThan(0.0075 + 0.003);
    expect(away(await thread.complete(missed, BOX))).toBeGreaterThan(1.5 * 0.0075);
    await both.close();
  });

  it('hear nothing of touches before anybody knew where the body was', async () => {
    const slam = await createSlam(await withTouch());
    const before = [missAt(0, facing(BALL, [1, 0, 0])), touchAt(0)];
    for (const touch of before) slam.process(touch);
    slam.process({ ...frameAt(0), mount: CAMERA_ON_BODY });
    const anywhere = around([0, 0, 0], 5);
    expect(slam.missed!(anywhere).clearances).toHaveLength(0);
    expect(slam.touched!(anywhere)).toHaveLength(0);
    await slam.close();
  });

  it('never come into the map: the same bytes with and without them', async () => {
    const other = await mapped(async (live, k) => {
      if (k % 4 === 3) await thread.complete(await surfaceOf(live), BOX).catch(() => undefined);
    });
    await expect(thread.complete(await surfaceOf(other), BOX)).resolves.toBeDefined();
    const [without, withThem] = [await bytesOf(host), await bytesOf(other)];
    expect(without.size).toBeGreaterThan(0);
    expect([...withThem.keys()]).toEqual([...without.keys()]);
    for (const [name, bytes] of without) expect(withThem.get(name) === bytes, name).toBe(true);
    await other.close();
  });
});
