import { describe, expect, it } from 'vitest';
import { FrameSamples } from '../../src/cli/frame-samples.js';
import { identity, inverse } from '../../src/geometry/se3.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';

const [WIDTH, HEIGHT] = [640, 480];
const camera = { width: WIDTH, height: HEIGHT, fx: 600, fy: 600, cx: 319.5, cy: 239.5 };
const intrinsics = { ...camera, distortion: 'none' as const, coefficients: [] };
/** A square wall 2 m ahead, in the frame of a body without a turn: x forward. */
const mesh = {
  positions: Float32Array.of(2, 3, 3, 2, -3, 3, 2, -3, -3, 2, 3, -3),
  normals: Float32Array.of(-1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0),
  indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
};

function frame(k: number): RgbdFrame {
  const data = new Uint16Array(WIDTH * HEIGHT).fill(2050);
  const image = { width: WIDTH, height: HEIGHT, data: new Uint8Array(3 * WIDTH * HEIGHT) };
  for (let i = 0; i < WIDTH * HEIGHT; i++) image.data[3 * i] = (i % WIDTH) / 4;
  // The colour camera sits 0.1 m to the right: 2 m away it sees everything 30 pixels further left.
  const T_depth_color = Float64Array.of(1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 1, 0);
  return {
    kind: 'rgbd',
    stampNs: BigInt(k),
    frameId: 'camera',
    depth: { width: WIDTH, height: HEIGHT, data, scale: 0.001 },
    camera: intrinsics,
    color: { image, camera: intrinsics, T_depth_color, delay: 0 },
    mount: CAMERA_ON_BODY,
  };
}

describe('sample frames of a run', () => {
  it('are four, spread evenly over a run of any length', () => {
    for (const count of [1, 3, 4, 9, 100]) {
      const samples = new FrameSamples();
      for (let k = 0; k < count; k++) samples.take(frame(k));
      const numbers = samples.beside(mesh, () => identity()).map(({ title }) => Number(title.split(' ')[1]));
      expect(numbers).toHaveLength(Math.min(4, count));
      const gaps = [0, ...numbers, count].map((n, i, all) => (all[i + 1] ?? count) - n);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max(2, count / 2));
    }
  });

  it('are thinned, with the mesh from their pose and the colours where the depth camera sees them', () => {
    const samples = new FrameSamples();
    const one = frame(0);
    samples.take(one);
    one.depth.data.fill(0); // given away
    const [shown] = samples.beside(mesh, () => inverse(identity()));
    expect(shown).toMatchObject({ width: 320, height: 240 });
    expect(shown!.depth[100 * 320 + 160]).toBeCloseTo(2.05, 5);
    for (const pixel of [0, 100 * 320 + 160]) expect(shown!.rendered.depth[pixel]).toBeCloseTo(2, 4);
    // Column 160 of the thinned image is 320 of the depth camera and 290 of the colour camera.
    expect(shown!.image![3 * (100 * 320 + 160)]).toBe(Math.floor(290 / 4));
  });

  it('leave out frames whose pose is not known', () => {
    const samples = new FrameSamples();
    for (let k = 0; k < 4; k++) samples.take(frame(k));
    const shown = samples.beside(mesh, (stampNs) => (stampNs > 1n ? identity() : undefined));
    expect(shown.map(({ title }) => title)).toEqual(['Frame 2', 'Frame 3']);
  });
});
