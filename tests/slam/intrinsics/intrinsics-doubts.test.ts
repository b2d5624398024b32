import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { Pinhole } from '../../../src/geometry/pinhole.js';
import { interpolate, type Pose } from '../../../src/geometry/se3.js';
import { createSlam } from '../../../src/slam/create.js';
import { IntrinsicsDoubts } from '../../../src/slam/intrinsics/intrinsics-doubts.js';
import { frameAt } from '../camera-room.js';
import { CAMERA, gridFrom, placeAt } from './room-views.js';

const TURNS = [
  [0], [6, 1], [12, -4, 2], [7, -7, 8], [1, -2, 14], [-4, 3, 8], [-9, 7, 2], [-14, 3, -5], [-9, -3, -12], [-3, 2, -4],
  [4, 6, 3], [11, 1, 9], [4, -6, 3], [-4, -2, -4],
].map(([yaw, pitch, roll], i) => placeAt(yaw!, pitch, roll, 0.02 * i)); // prettier-ignore
const YAWS = Array.from({ length: 14 }, (_, i) => placeAt(-20 + 6 * i, 0, 0, 0.02 * i));
/** Two frames a turn. */
const between = (places: readonly Pose[]) =>
  places
    .flatMap((one, i) => (i === 0 ? [one] : [interpolate(places[i - 1]!, one, 0.5), one]))
    .map((place) => ({ place, grid: gridFrom(place) }));
const ABOUT_ALL = between(TURNS);
const ABOUT_ONE = between(YAWS);

/** Says, once all frames have been seen with changed intrinsics. */
function seen(frames: typeof ABOUT_ALL, wrong: Partial<Pinhole>, lost?: number): IntrinsicsDoubts {
  const doubts = new IntrinsicsDoubts();
  frames.forEach(({ place, grid: right }, k) => {
    const grid = { ...right, ...wrong };
    const counts = { input: 4 * grid.width * grid.height, valid: 0 };
    const state = lost === k % 2 ? 'lost' : 'tracking';
    doubts.add({ sensor: 'front', kind: 'rgbd', grid, counts }, place, state);
  });
  return doubts;
}

describe('doubts of intrinsics', () => {
  it.each([
    ['turns about all axes', ABOUT_ALL],
    ['turns about one', ABOUT_ONE],
  ])('are none where the camera is what it is said to be and %s', (_, frames) => {
    const doubts = seen(frames, {});
    expect(doubts.notices).toEqual([]);
    expect(doubts.of('front')).toBeUndefined();
  });

  it.each([0.75, 0.85, 1.2, 1.4])('tell a focal length %f times as long, once', (factor) => {
    const doubts = seen(ABOUT_ALL, { fx: factor * CAMERA.fx, fy: factor * CAMERA.fy });
    expect(doubts.notices).toHaveLength(1);
    // In pixels of the images, which have twice as many columns.
    expect(doubts.notices[0]).toContain(`about 260 pixels fits, not ${(factor * 260).toFixed(0)}`);
    expect(doubts.of('front')).toContain('contradicts the motion');
    expect(doubts.of('other')).toBeUndefined();
  });

  it('tell a wrong centre and a wrong ratio where a camera turned about all axes', () => {
    expect(seen(ABOUT_ALL, { cx: CAMERA.cx + 16 }).notices[0]).toContain('fits, not (192, 120)');
    expect(seen(ABOUT_ALL, { cx: CAMERA.cx + 16 }).notices[0]).toContain(
      'principal point of about (160, 120)',
    );
    expect(seen(ABOUT_ALL, { fx: 1.3 * CAMERA.fx }).notices[0]).toContain(
      '260 and 260 pixels fit, not 338 and 260',
    );
  });

  it('are none where a camera does not turn, or is lost: nothing is known then', () => {
    const wrong = { fx: 1.4 * CAMERA.fx, fy: 1.4 * CAMERA.fy };
    const still = between(TURNS.slice(0, 7).map((_, i) => placeAt(0, 0, 0, 0.03 * i)));
    expect(seen(still, wrong).notices).toEqual([]);
    expect(seen(ABOUT_ALL, wrong, 1).notices).toEqual([]);
  });

  it('reach the warnings of a recording that is tracked with wrong intrinsics', async () => {
    const set = ['sensor.kind=rgbd', 'engine=wasm', 'threads=1'];
    const slam = await createSlam(await loadConfig({ set, flags: {} }));
    for (let k = 0; k < 40; k++) {
      const frame = frameAt(k);
      const camera = { ...frame.camera, fx: 1.3 * frame.camera.fx, fy: 1.3 * frame.camera.fy };
      slam.process({ ...frame, camera, color: { ...frame.color!, camera } });
    }
    const { warnings } = slam;
    await slam.close();
    expect(warnings?.join()).toContain('a focal length of about 110 pixels fits, not 143');
  });
});
