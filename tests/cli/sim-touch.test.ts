import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { cameraSimulation, runSimCamera } from '../../src/cli/sim-camera.js';
import { runSimTouch, touchSimulation, type SimTouchOptions } from '../../src/cli/sim-touch.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { parseTum } from '../../src/export/tum.js';
import { decodeImage } from '../../src/messages/images.js';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { decodeOdometry, decodePoseStamped, decodeTFMessage } from '../../src/messages/poses.js';
import { TfBuffer } from '../../src/messages/tf-buffer.js';
import { compose, separation } from '../../src/geometry/se3.js';
import { messagesByTopic } from '../bags/helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-sim-touch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { object: 'bottle', seed: 4, touches: 4, width: 64 } as const;
const run = (name: string, options: Partial<SimTouchOptions> = {}) =>
  runSimTouch({ ...OPTIONS, ...options, out: join(folder, name) });

describe('feltmap sim room with an object', () => {
  const ROOM = { world: 'room', seed: 5, object: 'bottle', touches: 2, duration: 0.6, rate: 5, width: 64, threads: 0, lidar: true, beams: 16, columns: 128 } as const; // prettier-ignore
  it('drives, stands and touches: tf and truth lead to the same surface in the odom frame', async () => {
    const out = join(folder, 'room.mcap');
    const result = await runSimCamera({ ...ROOM, out, without: ['kinematics', 'hand-eye'] });
    expect(result).toMatchObject({ touched: 2, interrupted: false });
    const topics = await messagesByTopic(out);
    expect(topics.get('/points')!.length).toBeGreaterThan(20);
    expect(topics.get('/camera/depth/image_raw')!.length).toBe(result.frames);
    const tf = new TfBuffer();
    for (const { data } of topics.get('/tf')!) for (const t of decodeTFMessage(data)) tf.set(t, false);
    const truth = new Map(topics.get('/ground_truth')!.map(({ data }) => [decodeOdometry(data).stampNs, decodeOdometry(data).pose])); // prettier-ignore
    const standing = [...truth.values()].at(-1)!;
    const poses = parseTum(readFileSync(result.touchTruthPath!, 'utf8'));
    const mesh = decodePly(readFileSync(result.meshPath!));
    expect(poses.stampsNs.length).toBe(2);
    poses.stampsNs.forEach((stampNs, i) => {
      const found = tf.lookup('base_link', 'gel', stampNs);
      // Without errors of the arm: odom → base (standing still) → gel is the truth.
      expect(found.ok && separation(compose(standing, found.pose), poses.poses[i]!)).toBeLessThan(1e-6);
      const [x, y, z] = [poses.poses[i]![3]!, poses.poses[i]![7]!, poses.poses[i]![11]!];
      let nearest = Infinity;
      for (let v = 0; v < mesh.positions.length; v += 3)
        nearest = Math.min(nearest, Math.hypot(mesh.positions[v]! - x, mesh.positions[v + 1]! - y, mesh.positions[v + 2]! - z)); // prettier-ignore
      expect(nearest).toBeLessThan(0.006);
    });
    // The robot stands while it touches, and all is in order of time.
    const moved = [...truth].filter(([stampNs]) => stampNs >= poses.stampsNs[0]!).map(([, pose]) => separation(pose, standing)); // prettier-ignore
    expect(Math.max(...moved)).toBeLessThan(1e-9);
    for (const list of topics.values()) {
      const times = list.map(({ logTimeNs }) => logTimeNs);
      expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    }
  });

  it('sees the object where it stands', () => {
    const simulation = cameraSimulation({
      ...ROOM,
      out: '',
      without: ['noise', 'bias', 'holes'],
      width: 160,
    });
    const object = simulation.scene.world.statics.primitives.findIndex(({ kind }) => kind === 'solid');
    let seen = 0;
    simulation.eachMeasured(
      simulation.frameCount - 1,
      (_x, _y, _z, id) => void (seen += id === object ? 1 : 0),
    );
    expect(seen).toBeGreaterThan(20);
    const T = simulation.scene.standing!;
    expect(simulation.scene.world.staticSdf(T[3]!, T[7]!, T[11]! + 0.01)).toBeLessThan(0);
  });

  it('is for rooms with a table, and for bags', async () => {
    await expect(runSimCamera({ ...ROOM, out: join(folder, 'no'), folder: true })).rejects.toThrow(
      'no place for touches',
    );
    expect(() => cameraSimulation({ ...ROOM, world: 'office', out: '' })).toThrow('take the room');
  });
});

describe('feltmap sim touch', () => {
  it('writes a bag of images, depths, points, tf and truth that reads back as simulated', async () => {
    const result = await run('a.mcap');
    const truth = touchSimulation({ ...OPTIONS, out: '' });
    expect(result).toMatchObject({ object: 'bottle', touches: 4, seconds: 3, interrupted: false });
    const topics = await messagesByTopic(result.path);
    const stamped = <T extends { stampNs: bigint }>(
      topic: string,
      decode: (bytes: Uint8Array) => T,
    ): Map<bigint, T> => new Map(topics.get(topic)!.map(({ data }) => [decode(data).stampNs, decode(data)]));
    const images = stamped('/tactile/image', decodeImage);
    const depths = stamped('/tactile/depth', decodeImage);
    const clouds = stamped('/tactile/points', decodePointCloud2);
    const poses = stamped('/ground_truth', decodePoseStamped);
    const tf = new TfBuffer();
    for (const { data } of topics.get('/tf')!) for (const t of decodeTFMessage(data)) tf.set(t, false);
    for (let i = 0; i < 4; i++) {
      const stampNs = truth.stampNs(i);
      const image = images.get(stampNs)!;
      expect(image).toMatchObject({ encoding: 'rgb8', width: 64, height: 48, step: 192, frameId: 'gel' });
      expect(image.data.slice()).toEqual(truth.rgb(i));
      const depth = depths.get(stampNs)!;
      expect(depth).toMatchObject({ encoding: '32FC1', step: 256 });
      expect(new Float32Array(depth.data.slice().buffer)).toEqual(truth.depthImage(i).depth);
      const cloud = clouds.get(stampNs)!;
      const points = truth.contactPoints(i);
      expect(cloud.width).toBe(points.points.length / 3);
      expect(cloud.fields.map(({ name }) => name)).toEqual([
        'x',
        'y',
        'z',
        'normal_x',
        'normal_y',
        'normal_z',
      ]);
      const first = new Float32Array(cloud.data.slice().buffer);
      for (let k = 0; k < cloud.width; k++) {
        expect(first.slice(6 * k, 6 * k + 3)).toEqual(points.points.slice(3 * k, 3 * k + 3));
        expect(first.slice(6 * k + 3, 6 * k + 6)).toEqual(points.normals!.slice(3 * k, 3 * k + 3));
      }
      expect(separation(poses.get(stampNs)!.pose, truth.truePose(i))).toBeLessThan(1e-9);
      const found = tf.lookup('map', 'gel', stampNs);
      expect(found.ok && separation(found.pose, truth.kinematicPose(i))).toBeLessThan(1e-9);
    }
    // Untouched frames come first and before each touch, with nothing felt.
    expect(images.size).toBe(5 + 4 + 4);
    const untouched = [...depths.values()].filter(({ data }) => data.every((byte) => byte === 0));
    expect(untouched.length).toBe(5 + 4);
    const times = topics.get('/tf')!.map(({ logTimeNs }) => logTimeNs);
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  it('writes true poses and the surface beside the bag', async () => {
    const result = await run('b.mcap', { only: ['depth'] });
    const truth = touchSimulation({ ...OPTIONS, out: '' });
    const { stampsNs, poses } = parseTum(readFileSync(result.truthPath, 'utf8'));
    expect(stampsNs).toEqual([0, 1, 2, 3].map((i) => truth.stampNs(i)));
    poses.forEach((pose, i) => expect(separation(pose, truth.truePose(i))).toBeLessThan(1e-6));
    const mesh = decodePly(readFileSync(result.meshPath));
    expect(mesh.positions).toEqual(truth.mesh.positions);
    expect((await messagesByTopic(result.path)).has('/tactile/image')).toBe(false);
  });

  it('writes a folder of images, poses, truth and presses of a ball', async () => {
    const result = await run('f', { folder: true, presses: 6 });
    const path = join(folder, 'f');
    const truth = touchSimulation({ ...OPTIONS, out: '' });
    expect(readdirSync(join(path, 'images')).sort()).toEqual([
      '000000.png',
      '000001.png',
      '000002.png',
      '000003.png',
    ]);
    const pixels = async (name: string) =>
      new Uint8Array(await sharp(join(path, name)).removeAlpha().raw().toBuffer());
    expect(await pixels('images/000002.png')).toEqual(truth.rgb(2));
    expect(await pixels('reference.png')).toEqual(truth.reference());
    expect(await pixels('calibration/003.png')).toEqual(
      truth.pressBall(truth.ballPresses(6, 0.003)[3]!, 3).rgb,
    );
    const poses = parseTum(readFileSync(join(path, 'poses.txt'), 'utf8')).poses;
    poses.forEach((pose, i) => expect(separation(pose, truth.kinematicPose(i))).toBeLessThan(1e-6));
    expect(parseTum(readFileSync(result.truthPath, 'utf8')).poses.length).toBe(4);
    expect(
      readFileSync(join(path, 'calibration', 'truth.csv'), 'utf8')
        .trim()
        .split('\n').length,
    ).toBe(7);
    const depth = await sharp(join(path, 'depth/000001.png'))
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer();
    const values = new Uint16Array(depth.buffer, depth.byteOffset, depth.byteLength / 2);
    truth.press(1).depth.forEach((value, i) => expect(values[i]).toBe(Math.round(value * 1e7)));
    expect(existsSync(join(path, 'object.ply'))).toBe(true);
  });

  it('gives the same bytes for the same seed', async () => {
    const [a, b, c] = [await run('s1.mcap'), await run('s2.mcap'), await run('s3.mcap', { seed: 5 })];
    expect(readFileSync(a.path).equals(readFileSync(b.path))).toBe(true);
    expect(readFileSync(a.path).equals(readFileSync(c.path))).toBe(false);
  });

  it('leaves effects out one by one', () => {
    const image = (without: string[]) => touchSimulation({ ...OPTIONS, out: '', without }).rgb(1);
    const all = image([]);
    for (const effect of ['noise', 'markers', 'drift', 'unevenness', 'falloff', 'skirt'])
      expect(image([effect])).not.toEqual(all);
    const exact = touchSimulation({ ...OPTIONS, out: '', without: ['kinematics', 'hand-eye'] });
    expect(separation(exact.kinematicPose(1), exact.truePose(1))).toBeLessThan(1e-12);
    const shared = touchSimulation({ ...OPTIONS, out: '', without: ['kinematics'] });
    expect(separation(shared.kinematicPose(1), shared.truePose(1))).toBeGreaterThan(1e-4);
  });

  it('stops when asked to, with a whole shorter bag', async () => {
    const stop = new AbortController();
    const result = await run('stop.mcap', {
      signal: stop.signal,
      onProgress: (done) => done === 2 && stop.abort(),
    });
    expect(result).toMatchObject({ touches: 2, interrupted: true });
    expect((await messagesByTopic(result.path)).get('/ground_truth')!.length).toBe(2);
  });

  it('says in a sentence what it does not know', async () => {
    await expect(run('x.mcap', { object: 'spoon' })).rejects.toThrow(
      "There is no object 'spoon'; choose box, mug,",
    );
    await expect(run('x.mcap', { probing: 'blind' })).rejects.toThrow("There is no way of probing 'blind'");
    await expect(run('x.mcap', { without: ['fog'] })).rejects.toThrow(
      "There is no effect to leave out of a touch 'fog'",
    );
    await expect(run('x.mcap', { only: ['smell'] })).rejects.toThrow("There is no message 'smell'");
    expect(existsSync(join(folder, 'x.mcap'))).toBe(false);
  });
});
