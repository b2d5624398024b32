import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGroundTruth } from '../../../src/bags/ground-truth.js';
import { openScanSource } from '../../../src/bags/source.js';
import { readTrajectory } from '../../../src/cli/eval-files.js';
import { identity, type Pose, toQuaternion } from '../../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, depthPng, expectTruth, H, matrix, T, W, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);

describe('7-Scenes', () => {
  it('frames by number, two cameras, poses made rotations again', async () => {
    for (const k of [0, 1, 3]) {
      const stem = `seven/frame-00000${k}`;
      write(`${stem}.depth.png`, await depthPng(1000 + k));
      write(`${stem}.color.${k === 1 ? 'jpg' : 'png'}`, await colorFile(k, k === 1 ? 'jpeg' : 'png'));
      // As in the data set, the matrix is not quite a rotation.
      write(`${stem}.pose.txt`, matrix(T(k).map((v, i) => (i % 4 === 3 ? v : v * 1.001)) as Pose));
    }
    write('seven/camera-intrinsics.txt', '5.85e+02 0 3.5\n0 5.85e+02 2.5\n0 0 1\n');
    const path = join(folder, 'seven');
    const source = await openScanSource(path);
    expect(source.sensor).toBe('rgbd');
    expect(source.description).toMatch(/7-Scenes folder .*: 3 depth images of 8×6, 3 with colour.*30 Hz/);
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual([0n, 33_333_333n, 100_000_000n]);
    expect(frames[2]!.depth.data.slice(0, 4)).toEqual(Uint16Array.of(0, 0, 1005, 1006));
    expect(frames[0]!.depth.scale).toBe(0.001);
    expect(frames[0]!.camera).toMatchObject({ width: W, height: H, fx: 585, cx: 3.5, cy: 2.5 });
    expect(frames[0]!.mount).toEqual(CAMERA_ON_BODY);
    expect(Array.from(frames[2]!.color!.image.data.subarray(0, 3))).toEqual([60, 70, 80]);
    expect(Math.abs(frames[1]!.color!.image.data[1]! - 30)).toBeLessThan(3);
    // The colour camera of a Kinect is to the right of its depth camera.
    expect(frames[0]!.color!.T_depth_color[3]).toBeGreaterThan(0.01);
    expect(frames[0]!.color!.camera.fx).toBeLessThan(585);
    for (const truth of [await source.truth!(), await readGroundTruth(path)]) {
      expect(truth.stampsNs).toEqual(frames.map((f) => f.stampNs));
      expectTruth(truth.poses, [T(0), T(1), T(3)]);
    }
    await source.close();
  });

  it('3DMatch: other intrinsics, also in the folder above, mean that depth is registered to colour', async () => {
    write('match/seq-01/frame-000000.depth.png', await depthPng(1000));
    write('match/seq-01/frame-000000.color.png', await colorFile(1));
    write('match/camera-intrinsics.txt', '540 0 3.5\n0 541 2.5\n0 0 1\n');
    const source = await openScanSource(join(folder, 'match', 'seq-01'));
    const [frame] = (await measured(source)).frames;
    expect(frame!.color!.T_depth_color).toEqual(identity());
    expect([frame!.camera, frame!.color!.camera].map((c) => [c.fx, c.fy])).toEqual([
      [540, 541],
      [540, 541],
    ]);
    expect(source.warnings.join()).toMatch(/not those of 7-Scenes: depth is taken as registered/);
  });

  it('a broken image costs itself, a missing one nothing', async () => {
    for (const k of [0, 1, 2, 3]) {
      write(
        `holes/frame-00000${k}.depth.png`,
        k === 1 ? (await depthPng(9)).subarray(0, 50) : await depthPng(1000),
      );
      if (k !== 2) write(`holes/frame-00000${k}.color.png`, k === 3 ? new Uint8Array(9) : await colorFile(k));
    }
    write('holes/camera-intrinsics.txt', '585 0 3.5\n0 585 2.5\n0 0 1\n');
    const source = await openScanSource(join(folder, 'holes'));
    const { frames } = await measured(source);
    expect(frames.map((f) => [f.stampNs, 'color' in f])).toEqual([
      [0n, true],
      [66_666_666n, false],
      [100_000_000n, false],
    ]);
    expect(source.truth).toBeUndefined();
    expect(source.warnings.join('\n')).toMatch(
      /depth image skipped: .*frame-000001\.depth\.png cannot be decoded/,
    );
    expect(source.warnings.join('\n')).toMatch(
      /without its colour: .*frame-000003\.color\.png cannot be decoded/,
    );
    const part = await measured(source, { startS: 0.05, durationS: 0.04 });
    expect(part.frames.map((f) => f.stampNs)).toEqual([66_666_666n]);
    await source.close();
  });
});

describe('TUM RGB-D', () => {
  async function tum(name: string, extra: Record<string, string> = {}): Promise<string> {
    const depth = ['# depth maps'];
    const rgb = ['# color images'];
    for (let k = 0; k < 12; k++) {
      const stamp = `${1_305_031_453 + Math.floor(k / 30)}.${String(333_333 + Math.round(k * 33_333))
        .padStart(6, '0')
        .slice(-6)}`;
      write(`${name}/depth/${stamp}.png`, await depthPng(5000 + k));
      depth.push(`${stamp} depth/${stamp}.png`);
      if (k === 5) continue;
      const colorStamp = (Number(stamp) + 0.006).toFixed(6);
      write(`${name}/rgb/${colorStamp}.png`, await colorFile(k));
      rgb.push(`${colorStamp} rgb/${colorStamp}.png`);
    }
    write(`${name}/depth.txt`, depth.join('\n'));
    write(`${name}/rgb.txt`, rgb.join('\n'));
    const rows = [0, 1, 2].map((k) => {
      const pose = T(k);
      return `130503145${k}.5 ${[pose[3], pose[7], pose[11], ...toQuaternion(pose)].join(' ')}`;
    });
    write(`${name}/groundtruth.txt`, `# ground truth\n${rows.join('\n')}\n`);
    for (const [file, text] of Object.entries(extra)) write(`${name}/${file}`, text);
    return join(folder, name);
  }

  it('pairs by stamp; intrinsics by the name of the folder', async () => {
    const path = await tum('rgbd_dataset_freiburg1_tiny');
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect(frames).toHaveLength(12);
    expect(frames[0]!.stampNs).toBe(1_305_031_453_333_333_000n);
    expect(frames[0]!.depth.scale * frames[0]!.depth.data[5]!).toBeCloseTo(5005 / 5000, 9);
    expect(frames.map((f) => 'color' in f)).toEqual(Array.from({ length: 12 }, (_, k) => k !== 5));
    expect(frames[3]!.color!.delay).toBeCloseTo(0.006, 6);
    expect(frames[3]!.color!.T_depth_color).toEqual(identity());
    // The intrinsics are for 640×480: 8×6 pixels of the same shape get them scaled.
    expect(frames[0]!.camera.fx).toBeCloseTo(517.3 / 80, 9);
    expect(frames[0]!.camera).toMatchObject({
      distortion: 'plumb_bob',
      coefficients: [0.2624, -0.9531, -0.0054, 0.0026, 1.1633],
    });
    expect(source.warnings.join('\n')).toMatch(/camera freiburg1, by the name/);
    expect(source.warnings.join('\n')).toMatch(/6\.0 ms after/);
    for (const gt of [
      await readGroundTruth(path),
      await readGroundTruth(join(path, 'groundtruth.txt')),
      await readTrajectory(join(path, 'groundtruth.txt')),
    ]) {
      expect(gt.stampsNs[1]).toBe(1_305_031_451_500_000_000n);
      expectTruth(gt.poses, [T(0), T(1), T(2)]);
    }
    await source.close();
  });

  it('a calibration file wins; without both the default of the benchmark is told', async () => {
    const own = await openScanSource(await tum('freiburg2_own', { 'calibration.txt': '10 11 3.5 2.5\n' }));
    const { frames } = await measured(own);
    expect(frames[0]!.camera).toMatchObject({ width: 8, height: 6, fx: 10, fy: 11, distortion: 'none' });
    expect(own.warnings.join()).toMatch(/intrinsics from calibration\.txt/);
    const json = { width: W, height: H, intrinsic_matrix: [9, 0, 0, 0, 9, 0, 3, 2, 1], depth_scale: 1000 };
    const scaled = await openScanSource(
      await tum('scaled', { 'camera_intrinsic.json': JSON.stringify(json) }),
    );
    const [first] = (await measured(scaled)).frames;
    expect([first!.camera.fx, first!.camera.cx, first!.depth.scale]).toEqual([9, 3, 0.001]);
    const other = await openScanSource(await tum('desk'));
    expect((await measured(other)).frames[0]!.camera.fx).toBeCloseTo(525 / 80, 9);
    expect(other.warnings.join()).toMatch(/default of the benchmark \(f 525.*calibration\.txt/);
  });

  it('in a renamed folder: the camera by the heading of its lists', async () => {
    const path = await tum('renamed');
    write(
      'renamed/groundtruth.txt',
      "# ground truth trajectory\n# file: 'rgbd_dataset_freiburg3_cabinet.bag'\n",
    );
    const source = await openScanSource(path);
    expect((await measured(source)).frames[0]!.camera.fx).toBeCloseTo((535.4 * W) / 640, 6);
    expect(source.warnings.join()).toMatch(
      /camera freiburg3, by the heading of groundtruth\.txt; depth in 1\/5000 m/,
    );
    await source.close();
  });

  it("ORB-SLAM's settings serve as a calibration whatever their name, unless there are several", async () => {
    const settings = (fx: number) =>
      `%YAML:1.0\n\nCamera.fx: ${fx}\nCamera.fy: 601\nCamera.cx: 4\nCamera.cy: 3\nDepthMapFactor: 1000.0\n`;
    const path = await tum('settings', { 'TUM7.yaml': settings(600) });
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect(frames[0]!.camera).toMatchObject({ fx: 600, fy: 601, cx: 4, cy: 3 });
    expect(frames[0]!.depth.scale).toBeCloseTo(0.001, 9);
    expect(source.warnings.join()).toMatch(/intrinsics from TUM7\.yaml, depth in millimetres by TUM7\.yaml/);
    await source.close();
    write('settings/other.yaml', settings(700));
    const doubtful = await openScanSource(path);
    expect(doubtful.warnings.join()).toMatch(/default of the benchmark/);
    await doubtful.close();
  });

  it('--color none leaves the colours of a folder out; a topic is refused', async () => {
    const path = await tum('colourless');
    const source = await openScanSource(path, { color: 'none' });
    expect(source.description).toMatch(/12 depth images of .*, none with colour/);
    expect((await measured(source)).frames.filter((f) => f.color)).toEqual([]);
    await source.close();
    await expect(openScanSource(path, { color: '/camera/color' })).rejects.toThrow(
      /no topics: leave out --color/,
    );
  });

  it('a list of pairs serves where depth.txt is missing, with the same unit of depth', async () => {
    for (const [name, line] of [
      ['pairs', (k: number) => `1700000000.${k}04 rgb/${k}.png 1700000000.${k} depth/${k}.png`],
      ['numbers', (k: number) => `${k} depth/${k}.png ${k} rgb/${k}.png`],
    ] as const) {
      for (const k of [0, 1, 2]) {
        write(`${name}/depth/${k}.png`, await depthPng(5000));
        write(`${name}/rgb/${k}.png`, await colorFile(k));
      }
      write(`${name}/associations.txt`, `# pairs\r\n${[0, 1, 2].map(line).join('\r\n')}\r\n`);
      const source = await openScanSource(join(folder, name));
      const { frames } = await measured(source);
      expect(frames).toHaveLength(3);
      expect(frames[0]!.depth.scale).toBeCloseTo(1 / 5000, 12);
      expect(Number(frames[1]!.stampNs - frames[0]!.stampNs)).toBeCloseTo(
        name === 'pairs' ? 1e8 : 1e9 / 30,
        -2,
      );
      expect(frames[1]!.color!.delay).toBeCloseTo(name === 'pairs' ? 0.004 : 0, 9);
    }
    write('pairs/associations.txt', '1.5 depth/0.png\n');
    await expect(openScanSource(join(folder, 'pairs'))).rejects.toThrow(
      /associations\.txt, line 1: .*no pair/,
    );
  });

  it('OpenLORIS: color.txt, and of two lists of depth the registered one', async () => {
    for (const k of [0, 1, 2]) {
      write(`loris/aligned_depth/${k}.png`, await depthPng(1500 + k));
      write(`loris/color/${k}.png`, await colorFile(k));
    }
    const list = (name: string) => [0, 1, 2].map((k) => `10.${k} ${name}/${k}.png\n`).join('');
    write('loris/aligned_depth.txt', list('aligned_depth'));
    write('loris/depth.txt', list('depth'));
    write('loris/color.txt', list('color'));
    write('loris/calibration.txt', '600 601 3.5 2.5');
    const source = await openScanSource(join(folder, 'loris'));
    const { frames } = await measured(source);
    expect(frames.map((f) => [f.depth.data[5], f.color?.image.data[0]])).toEqual([
      [1505, 0],
      [1506, 20],
      [1507, 40],
    ]);
    expect(source.description).toContain('stamps from aligned_depth.txt');
  });

  it('ICL-NUIM: its camera by its names; a focal length below zero is one of a y that points up', async () => {
    for (const k of [0, 1]) {
      write(`living_room_traj2_frei_png/depth/${k}.png`, await depthPng(7000));
      write(`living_room_traj2_frei_png/rgb/${k}.png`, await colorFile(k));
    }
    write(
      'living_room_traj2_frei_png/associations.txt',
      '0 depth/0.png 0 rgb/0.png\n1 depth/1.png 1 rgb/1.png\n',
    );
    const source = await openScanSource(join(folder, 'living_room_traj2_frei_png'));
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual([0n, 33_333_333n]);
    expect(frames[0]!.depth.scale).toBe(1 / 5000);
    expect(source.warnings.join()).toMatch(/intrinsics of the simulated camera of ICL-NUIM/);
    write('icl/ICL.yaml', 'Camera.fx: 481.2\nCamera.fy: -480.0\nCamera.cx: 3.5\nCamera.cy: 2.5\n');
    write('icl/associations.txt', '0 depth/0.png 0 rgb/0.png\n');
    write('icl/depth/0.png', await depthPng(7000));
    write('icl/rgb/0.png', await colorFile(0));
    expect((await measured(await openScanSource(join(folder, 'icl')))).frames[0]!.camera).toMatchObject({
      fx: 481.2,
      fy: 480,
    });
  });

  it('a line of nonsense is named', async () => {
    const path = await tum('nonsense');
    write('nonsense/depth.txt', '1.5 depth/a.png\nsoon depth/b.png\n');
    await expect(openScanSource(path)).rejects.toThrow(/depth\.txt, line 2: 'soon depth\/b\.png'/);
    write('nonsense/depth.txt', '# nothing\n');
    await expect(openScanSource(path)).rejects.toThrow(/lists no images/);
  });
});

describe('folders of images in folders', () => {
  it('ScanNet: intrinsics for each camera, unknown poses left out', async () => {
    for (const k of [0, 20, 40]) {
      write(`scannet/depth/${k}.png`, await depthPng(1000 + k));
      write(`scannet/color/${k}.jpg`, await colorFile(2, 'jpeg'));
      write(`scannet/pose/${k}.txt`, k === 20 ? '-inf -inf -inf -inf\n'.repeat(4) : matrix(T(k / 20)));
    }
    const intrinsic = (f: number, c: number) => `${f} 0 ${c} 0\n0 ${f} ${c} 0\n0 0 1 0\n0 0 0 1\n`;
    write('scannet/intrinsic/intrinsic_depth.txt', intrinsic(577.6, 3.5));
    write('scannet/intrinsic/intrinsic_color.txt', intrinsic(1170, 4));
    const source = await openScanSource(join(folder, 'scannet'));
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual([0n, 666_666_666n, 1_333_333_333n]);
    expect(frames[1]!.depth.data[5]).toBe(1025);
    expect([frames[0]!.camera.fx, frames[0]!.color!.camera.fx]).toEqual([577.6, 1170]);
    const truth = await source.truth!();
    expect(truth.stampsNs).toEqual([0n, 1_333_333_333n]);
    expectTruth(truth.poses, [T(0), T(2)]);
  });

  it('Replica: results/, scale and intrinsics beside the scenes, traj.txt', async () => {
    for (const k of [0, 1]) {
      write(`replica/room0/results/depth00000${k}.png`, await depthPng(6000));
      write(`replica/room0/results/frame00000${k}.jpg`, await colorFile(k, 'jpeg'));
    }
    write(
      'replica/cam_params.json',
      JSON.stringify({ camera: { w: W, h: H, fx: 600, fy: 601, cx: 3.5, cy: 2.5, scale: 6553.5 } }),
    );
    write('replica/room0/traj.txt', [T(0), T(1)].map((pose) => `${[...pose].join(' ')} 0 0 0 1`).join('\n'));
    const path = join(folder, 'replica', 'room0');
    const source = await openScanSource(path);
    expect(source.description).toMatch(/Replica folder/);
    const { frames } = await measured(source);
    expect(frames[0]!.depth.scale).toBeCloseTo(1 / 6553.5, 12);
    expect(frames[1]!.camera).toMatchObject({ fx: 600, fy: 601, width: W });
    expect(frames[1]!.color).toBeDefined();
    expectTruth((await readGroundTruth(join(path, 'traj.txt'))).poses, [T(0), T(1)]);
  });

  it('Open3D: intrinsic_matrix by columns, trajectory.log', async () => {
    for (const k of [0, 1, 2]) {
      write(`open3d/depth/00000${k}.png`, await depthPng(700));
      write(`open3d/image/00000${k}.jpg`, await colorFile(k, 'jpeg'));
    }
    write(
      'open3d/camera_intrinsic.json',
      JSON.stringify({ width: W, height: H, intrinsic_matrix: [525, 0, 0, 0, 526, 0, 3.25, 2.25, 1] }),
    );
    write('open3d/scene/trajectory.log', [0, 1, 2].map((k) => `${k} ${k} 3\n${matrix(T(k))}`).join(''));
    const source = await openScanSource(join(folder, 'open3d'));
    const { frames } = await measured(source);
    expect(frames[2]!.camera).toMatchObject({ fx: 525, fy: 526, cx: 3.25, cy: 2.25 });
    expect(frames[0]!.color!.T_depth_color).toEqual(identity());
    expectTruth((await source.truth!()).poses, [T(0), T(1), T(2)]);
  });

  it('depth in PGMs of 16 bits', async () => {
    const words = [0, 65535, 1500, 2000];
    for (const k of [1, 2])
      write(
        `pgm/depth/${k}.pgm`,
        Uint8Array.from([...Buffer.from('P5 2 2 65535\n'), ...words.flatMap((w) => [w >> 8, w & 255])]),
      );
    write('pgm/intrinsics.txt', '5 5 0.5 0.5');
    const source = await openScanSource(join(folder, 'pgm'));
    const { frames } = await measured(source);
    expect(frames.map((f) => [f.depth.width, f.depth.height, ...f.depth.data])).toEqual([
      [2, 2, 0, 0, 1500, 2000],
      [2, 2, 0, 0, 1500, 2000],
    ]);
    await source.close();
  });

  it("intrinsics in a file of anybody's name; images that are no depth are told before intrinsics are asked for", async () => {
    write('named/depth/1.png', await depthPng(1000));
    write(
      'named/my_realsense.json',
      JSON.stringify({ width: W, height: H, intrinsic_matrix: [600, 0, 0, 0, 601, 0, 3.5, 2.5, 1] }),
    );
    const { frames } = await measured(await openScanSource(join(folder, 'named')));
    expect(frames[0]!.camera).toMatchObject({ fx: 600, fy: 601, cx: 3.5, cy: 2.5 });
    write('matrix/depth/1.png', await depthPng(1000));
    write('matrix/cam_K.txt', '600 0 3.5\n0 601 2.5\n0 0 1\n');
    expect((await measured(await openScanSource(join(folder, 'matrix')))).frames[0]!.camera.fy).toBe(601);
    write('painted/depth/1.png', await colorFile(3));
    await expect(openScanSource(join(folder, 'painted'))).rejects.toThrow(
      /1\.png has 3 channel\(s\) of 8 bits, but depth/,
    );
  });

  it('without intrinsics says what to write where; nonsense in them is named', async () => {
    write('bare/depth/1.png', await depthPng(1000));
    write('bare/color/1.png', await colorFile(1));
    await expect(openScanSource(join(folder, 'bare'))).rejects.toThrow(
      /no intrinsics; put fx fy cx cy into .*bare.*intrinsics\.txt/,
    );
    write('bare/intrinsics.txt', '0 0 1 1\n');
    await expect(openScanSource(join(folder, 'bare'))).rejects.toThrow(
      /intrinsics\.txt gives fx 0.*no intrinsics/,
    );
    write('bare/intrinsics.txt', 'five\n');
    await expect(openScanSource(join(folder, 'bare'))).rejects.toThrow(
      /intrinsics\.txt: 'five' is no number/,
    );
    write('bare/intrinsics.txt', '9 0 3.5 0 8 2.5 0 0 1\n'); // a matrix on one line
    expect((await measured(await openScanSource(join(folder, 'bare')))).frames[0]!.camera).toMatchObject({
      ...{ fx: 9, fy: 8, cx: 3.5, cy: 2.5 },
      distortion: 'none',
    });
    write('bare/intrinsic.json', JSON.stringify({ fx: 9, fy: 9, cx: 3.5, cy: 2.5, depth_scale: 0.0005 }));
    // Metres a unit, as librealsense says it.
    expect((await measured(await openScanSource(join(folder, 'bare')))).frames[0]!.depth.scale).toBe(0.0005);
    rmSync(join(folder, 'bare', 'intrinsic.json'));
    write('bare/intrinsics.txt', '9 9 3.5 2.5\n');
    expect((await measured(await openScanSource(join(folder, 'bare')))).frames).toHaveLength(1);
  });
});
