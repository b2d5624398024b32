import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { encodeImage } from '../../../src/messages/images.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { picture, png16 } from '../../images/helpers.js';
import { scratchFolder } from '../helpers.js';
import {
  cameraInfo,
  colorMessage,
  compressed,
  depthMessage,
  HEIGHT,
  image,
  info,
  measured,
  WIDTH,
  writeBag,
  type Written,
} from './helpers.js';

const folder = scratchFolder();
const START = 1_700_000_000_000_000_000n;
const at = (k: number): bigint => START + BigInt(k) * 33_333_333n;
const infos = (changes: Parameters<typeof cameraInfo>[1] = {}): Written[] => [
  info('/rgbd/depth/camera_info', cameraInfo('camera', changes)),
  info('/rgbd/color/camera_info', cameraInfo('camera')),
];
const depth = (k: number): Written => image('/rgbd/depth/image', depthMessage(at(k), k, 'camera'));
const color = (k: number, changes: Partial<ReturnType<typeof colorMessage>> = {}): Written =>
  image('/rgbd/color/image', { ...colorMessage(at(k), k, 'camera'), ...changes });
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

/** Reads a bag; the frames' numbers, which have colour, and the warnings. */
async function read(
  name: string,
  messages: readonly Written[],
  options: Parameters<typeof openScanSource>[1] = {},
) {
  const source = await openScanSource(await writeBag(folder, `${name}.mcap`, messages), options);
  const { frames } = await measured(source);
  await source.close();
  return {
    numbers: frames.map((f) => Math.round(Number(f.stampNs - START) / 33_333_333)),
    colored: frames.map((f) => 'color' in f),
    frames,
    warnings: source.warnings.join('\n'),
  };
}

describe('a bag of images that hold no depth', () => {
  it('is refused with their encodings, not for want of a LiDAR', async () => {
    const signed = { ...depthMessage(at(0), 0, 'camera'), encoding: '16SC1' };
    const path = await writeBag(folder, 'signed.mcap', [
      ...infos(),
      image('/rgbd/depth/image', signed),
      color(0),
    ]);
    await expect(openScanSource(path)).rejects.toThrow(
      /neither clouds of points .* nor depth images .*: \/rgbd\/depth\/image \(16SC1\), \/rgbd\/color\/image \(rgb8\); record the topic/,
    );
  });
});

describe('what is wrong with single images costs them alone', () => {
  it('depth cut off, of a lying size, of another shape or encoding', async () => {
    const bad = (k: number, changes: Partial<ReturnType<typeof depthMessage>>): Written =>
      image('/rgbd/depth/image', { ...depthMessage(at(k), k, 'camera'), ...changes });
    const { numbers, warnings } = await read('depth', [
      ...infos(),
      ...range(8).map((k) => color(k)),
      depth(0),
      bad(1, { data: new Uint8Array(11) }),
      bad(2, { width: 0xfffffff, height: 0xfffffff }),
      bad(3, { width: 6, step: 12 }),
      bad(4, { encoding: 'bgr8' }),
      bad(5, { width: 1, height: 1, step: 2 }),
      [
        '/rgbd/depth/image',
        ROS_TYPES.image,
        at(6),
        encodeImage(depthMessage(at(6), 6, 'camera')).slice(0, 60),
      ],
      depth(7),
    ]);
    expect(numbers).toEqual([0, 7]);
    for (const text of [
      /skipped: An image of 8×6 16UC1 has 11 bytes, but needs 96/,
      /claims 268435455×268435455 pixels/,
      /6×6 pixels, but its intrinsics are for 8×6.*\(2 times/, // the single pixel is the second
      /has encoding 'bgr8'; depth is 16UC1/,
      /message ends \d+ byte\(s\) too early/,
    ])
      expect(warnings).toMatch(text);
  });

  it('colour cut off, of an unknown encoding, of another shape: depth goes on alone', async () => {
    const { numbers, colored, warnings } = await read('color', [
      ...infos(),
      ...range(6).map(depth),
      color(0),
      color(1, { data: new Uint8Array(5) }),
      color(2, { encoding: 'h264' }),
      color(3, { width: 4, step: 12 }),
      color(4, { width: 0 }),
      color(5),
    ]);
    expect(numbers).toEqual(range(6));
    expect(colored).toEqual([true, false, false, false, false, true]);
    expect(warnings).toMatch(/8×6 rgb8 has 5 bytes, but needs 144/);
    expect(warnings).toMatch(/'h264', which is not known/);
    expect(warnings).toMatch(/4×6 pixels, but its intrinsics/);
  });

  it('JPEG and compressedDepth, whole and cut off', async () => {
    const words = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => 1000 + ((i * 7919) % 3000));
    const png = await png16(words, WIDTH, HEIGHT);
    const jpeg = await picture(new Uint8Array(3 * WIDTH * HEIGHT).fill(90), WIDTH, HEIGHT, 'jpeg');
    const depthOf = (k: number, bytes: Uint8Array): Written =>
      compressed('/rgbd/depth/image/compressedDepth', {
        ...{ stampNs: at(k), frameId: 'camera', format: '16UC1; compressedDepth png' },
        data: new Uint8Array([...new Uint8Array(12), ...bytes]),
      });
    const colorOf = (k: number, data: Uint8Array): Written =>
      compressed('/rgbd/color/image/compressed', {
        ...{ stampNs: at(k), frameId: 'camera', format: 'rgb8; jpeg compressed bgr8' },
        data,
      });
    const { frames, numbers, colored, warnings } = await read('compressed', [
      ...infos(),
      depthOf(0, png),
      depthOf(1, png.subarray(0, png.length - 30)),
      depthOf(2, png),
      depthOf(3, png),
      colorOf(0, jpeg),
      colorOf(1, jpeg),
      colorOf(2, jpeg.subarray(0, jpeg.length >> 1)),
      colorOf(3, jpeg),
    ]);
    expect(numbers).toEqual([0, 2, 3]);
    expect(colored).toEqual([true, false, true]);
    expect(frames[0]!.depth.data).toEqual(words);
    expect(Math.abs(frames[0]!.color!.image.data[10]! - 90)).toBeLessThan(3);
    expect(warnings).toMatch(/depth image skipped: A depth image of .*compressedDepth cannot be decoded/);
    expect(warnings).toMatch(/without its colour: An image of .*compressed cannot be decoded/);
  });
});

describe('what is wrong with the whole recording is said in one sentence', () => {
  it('metres in 16UC1, and depth of zeros', async () => {
    const filled = (k: number, value: number): Written =>
      image('/rgbd/depth/image', {
        ...depthMessage(at(k), k, 'camera'),
        data: new Uint8Array(new Uint16Array(WIDTH * HEIGHT).fill(value).buffer),
      });
    const { numbers, warnings } = await read('units', [...infos(), filled(0, 2), filled(1, 0), filled(2, 3)]);
    expect(numbers).toEqual([0, 1, 2]);
    expect(warnings).toMatch(/the largest depth is 2 mm: are these metres.*\(2 times/);
    expect(warnings).toMatch(/no distance at all/);
  });

  it('stamps that never match', async () => {
    const { colored, warnings } = await read('unmatched', [
      ...infos(),
      ...range(20).map(depth),
      ...range(20).map((k): Written => {
        const [topic, type, , data] = color(k, { stampNs: at(k) - 86_400_000_000_000n });
        return [topic, type, at(k), data];
      }),
    ]);
    expect(colored).toEqual(range(20).map(() => false));
    expect(warnings).toMatch(/no colour image has the time of a depth image.*same clock/);
  });

  it('no camera_info, one that is not calibrated, one of another size', async () => {
    const images = range(3).map(depth);
    await expect(read('uninformed', images)).rejects.toThrow(
      /no camera_info for \/rgbd\/depth\/image; record/,
    );
    await expect(read('zero', [...infos({ k: new Float64Array(9) }), ...images])).rejects.toThrow(
      /\/rgbd\/depth\/camera_info: .*not calibrated/,
    );
    const { numbers, warnings } = await read('size', [
      ...infos({ width: 640, height: 360, k: Float64Array.of(500, 0, 320, 0, 500, 180, 0, 0, 1) }),
      ...images,
    ]);
    expect(numbers).toEqual([]);
    expect(warnings).toMatch(/8×6 pixels, but its intrinsics are for 640×360.*\(3 times/);
    const scaled = await read('scaled', [
      ...infos({ width: 16, height: 12, k: Float64Array.of(10, 0, 7.5, 0, 11, 5.5, 0, 0, 1) }),
      ...images,
    ]);
    expect(scaled.frames[0]!.camera).toMatchObject({ width: 8, fx: 5 });
    expect(scaled.warnings).toMatch(/are scaled/);
  });

  it('colour without a calibration: depth alone', async () => {
    const { colored, warnings } = await read('uncolored', [
      info('/rgbd/depth/camera_info', cameraInfo('camera')),
      ...range(3).flatMap((k) => [depth(k), image('/other/image', colorMessage(at(k), k, 'elsewhere'))]),
    ]);
    expect(colored).toEqual([false, false, false]);
    expect(warnings).toMatch(/\/other\/image: there is no camera_info.*without colour/);
  });

  it('stamps that repeat or go back', async () => {
    const odd = [0, 1, 1, 2, 3, 1, 4, 5].map((k, i): Written => {
      const [topic, type, , data] = image('/rgbd/depth/image', depthMessage(at(k), i, 'camera'));
      return [topic, type, at(i), data];
    });
    const { numbers, warnings } = await read('stamps', [...infos(), ...odd]);
    expect(numbers.every((k, i) => i === 0 || k > numbers[i - 1]!)).toBe(true);
    expect(numbers.length).toBeGreaterThanOrEqual(6);
    expect(warnings).toMatch(/\/rgbd\/depth\/image: an image has a? ?(the )?stamp/);
  });
});

describe('choice of topics', () => {
  const second = range(3).flatMap((k) => [
    image('/rear/depth/image', depthMessage(at(k), k, 'rear')),
    image('/rear/color/image', colorMessage(at(k), k, 'rear')),
  ]);
  const both = [
    ...infos(),
    info('/rear/depth/camera_info', cameraInfo('rear')),
    ...range(3).flatMap((k) => [depth(k), color(k)]),
    ...second,
  ];

  it('several cameras: asks for one, and takes the colour beside it', async () => {
    await expect(read('two', both)).rejects.toThrow(
      /several depth topics: \/rgbd\/depth\/image \(3\), \/rear\/depth\/image \(3\); choose with --depth/,
    );
    const { frames } = await read('rear', both, { depth: '/rear/depth/image' });
    expect(frames[0]!.frameId).toBe('rear');
    expect(frames[0]!.color).toBeDefined();
    expect((await read('bare', both, { depth: '/rear/depth/image', color: 'none' })).colored).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('a wanted topic that is missing or of another kind', async () => {
    await expect(read('missing', both, { depth: '/nowhere' })).rejects.toThrow(
      /no image topic \/nowhere; depth topics: \/rgbd/,
    );
    await expect(read('kind', both, { depth: '/rear/color/image' })).rejects.toThrow(
      /holds images of rgb8, no depth/,
    );
    await expect(
      read('none', [...range(3).map((k) => color(k)), ...infos()], { sensor: 'rgbd' }),
    ).rejects.toThrow(/no depth images .*image topics: \/rgbd\/color\/image/);
  });

  it('the raw image before the same one compressed, infrared never', async () => {
    const png = await png16(new Uint16Array(WIDTH * HEIGHT).fill(500), WIDTH, HEIGHT);
    const { frames } = await read('forms', [
      ...infos(),
      ...range(3).flatMap((k) => [
        depth(k),
        color(k),
        image('/rgbd/infra1/image', { ...colorMessage(at(k), k, 'camera'), encoding: 'mono8', step: WIDTH }),
        compressed('/rgbd/depth/image/compressedDepth', {
          ...{ stampNs: at(k), frameId: 'camera', format: '16UC1; compressedDepth png' },
          data: new Uint8Array([...new Uint8Array(12), ...png]),
        }),
      ]),
    ]);
    expect(frames[0]!.depth.data[0]).toBe(1000);
    expect(Array.from(frames[1]!.color!.image.data.subarray(0, 3))).toEqual([1, 2, 3]);
  });
});
