import { describe, expect, it } from 'vitest';
import type { Field } from '../../../src/field/field.js';
import { compose, exp, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { MeshBlockStore } from '../../../src/mesh/block-store.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import type { Observation, Picture } from '../../../src/sensors/observation.js';
import { Painter } from '../../../src/slam/mapping/painter.js';

const VOXEL = 0.1;
const SIDE = 8 * VOXEL;
type Rgb = readonly [number, number, number];

/** A wall at a distance along x, across y and z: its vertices face the origin. */
class Wall {
  readonly blocks: number[][] = [];
  constructor(
    readonly x: number,
    readonly half: number,
  ) {}

  put(store: MeshBlockStore): void {
    this.blocks.length = 0;
    const most = Math.ceil(this.half / SIDE);
    const bx = Math.floor(this.x / SIDE);
    for (let bz = -most; bz < most; bz++)
      for (let by = -most; by < most; by++) {
        const [positions, normals]: [number[], number[]] = [[], []];
        for (let j = 0; j < 8; j++)
          for (let i = 0; i < 8; i++) {
            positions.push(this.x, by * SIDE + (i + 0.5) * VOXEL, bz * SIDE + (j + 0.5) * VOXEL);
            normals.push(-1, 0, 0);
          }
        store.set(bx, by, bz, {
          positions: Float32Array.from(positions),
          normals: Float32Array.from(normals),
          edges: Uint16Array.from({ length: 64 }, (_, i) => i),
          indices: Uint16Array.of(0, 1, 8),
        }); // prettier-ignore
        this.blocks.push([bx, by, bz]);
      }
  }
}

/** The colour of the far wall changes along y and z, that of what stands before it is blue. */
const FAR = 8.05;
const NEAR = 3.05;
const colourAt = (x: number, y: number, z: number): Rgb =>
  x > 5 ? [128 + 20 * y, 128 + 20 * z, 40] : [10, 20, 250];

/** What a camera sees of walls across x. @param bend of the lens, as a share of the squared radius */
function picture(T_map_color: Pose, walls: readonly Wall[], bend = 0): Picture {
  const [width, height, f] = [320, 240, 200];
  const data = new Uint8Array(4 * width * height);
  const lens = (x: number, y: number): [number, number] => {
    const k = 1 + bend * (x * x + y * y);
    return [x * k, y * k];
  };
  const o = transformPoint(T_map_color, 0, 0, 0);
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const [a, b] = [(u - 159.5) / f, (v - 119.5) / f];
      // The lens undone by iteration.
      let [x, y] = [a, b];
      for (let k = 0; k < 20; k++) {
        const [p, q] = lens(x, y);
        [x, y] = [x + a - p, y + b - q];
      }
      const tip = transformPoint(T_map_color, x, y, 1);
      const d = tip.map((t, k) => t - o[k]!);
      for (const wall of walls) {
        const t = (wall.x - o[0]) / d[0]!;
        const at = o.map((c, k) => c + t * d[k]!);
        if (!(t > 0 && Math.abs(at[1]!) < wall.half && Math.abs(at[2]!) < wall.half)) continue;
        data.set(colourAt(at[0]!, at[1]!, at[2]!), 4 * (v * width + u));
        break;
      }
    }
  return {
    width, height, fx: f, fy: f, cx: 159.5, cy: 119.5, data,
    T_sensor_color: exp([0.05, 0, 0, 0, 0, 0]),
    ...(bend !== 0 && { bend: lens }),
  }; // prettier-ignore
}

interface Scene {
  readonly store: MeshBlockStore;
  readonly surface: Parameters<Painter['paint']>[0];
  readonly change: Float32Array;
}

function scene(walls: readonly Wall[]): Scene {
  const store = new MeshBlockStore();
  for (const wall of walls) wall.put(store);
  const all = walls.flatMap(({ blocks }) => blocks);
  const change = new Float32Array(all.length + 1);
  const coords = Int32Array.from([[0, 0, 0], ...all].flatMap((block) => [...block, 0]));
  const blocks = Uint32Array.from(all, (_, i) => i + 1);
  const field = { levels: [{ voxel: VOXEL, blocks, coords, change }] } as unknown as Field;
  return { store, surface: { field, store, scale: 0 }, change };
}

const SENSOR = compose(exp([0.3, 0.2, -0.1, 0.01, 0.02, 0.05]), CAMERA_ON_BODY);
const COLOR = compose(SENSOR, exp([0.05, 0, 0, 0, 0, 0]));
const observed = (shown: Picture): Observation => ({ picture: shown }) as unknown as Observation;

/** Of the vertices of a wall: how many are painted, and the largest error. */
function check(
  painter: Painter,
  { store }: Scene,
  wall: Wall,
): { painted: number; all: number; off: number } {
  let [painted, all, off] = [0, 0, 0];
  for (const { positions } of store.blocks()) {
    if (Math.abs(positions[0]! - wall.x) > 1e-3) continue;
    const colours = painter.colours(positions);
    for (let i = 0; i < positions.length / 3; i++) {
      all++;
      if (!(colours[4 * i + 3]! > 0)) continue;
      painted++;
      const truth = colourAt(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!);
      off = Math.max(off, ...truth.map((c, k) => Math.abs(c - colours[4 * i + k]!)));
    }
  }
  return { painted, all, off };
}

describe('a picture', () => {
  const far = new Wall(FAR, 4);
  it.each([0, -0.1])('colours what it shows, as it is there; lens %d', (bend) => {
    const world = scene([far]);
    const painter = new Painter(VOXEL);
    const shown = observed(picture(COLOR, [far], bend));
    // A few thousand vertices at a time.
    for (let turn = 0; turn < 2; turn++) painter.paint(world.surface, shown, SENSOR);
    const { painted, all, off } = check(painter, world, far);
    expect(painted).toBeGreaterThan(0.8 * all);
    // Half a pixel is 2 cm at 8 m, the mean over a cell nothing: colours change by 20 a metre.
    expect(off).toBeLessThan(2);
    expect([...world.change].filter((v) => v > VOXEL / 3).length).toBeGreaterThan(0.8 * far.blocks.length);
  });

  it('does not colour what something hides, known by mesh or by depth', () => {
    const near = new Wall(NEAR, 0.8);
    const world = scene([near, far]);
    const shown = picture(COLOR, [near, far]);
    const painter = new Painter(VOXEL);
    for (let turn = 0; turn < 2; turn++) painter.paint(world.surface, observed(shown), SENSOR);
    const behind = check(painter, world, far);
    expect(behind.off).toBeLessThan(6);
    expect(behind.painted).toBeGreaterThan(0.4 * behind.all);
    expect(check(painter, world, near).painted).toBeGreaterThan(100);

    // The same where the depth camera alone knows the near one.
    const [width, height, f] = [160, 120, 100];
    const z = new Float32Array(width * height);
    for (let v = 0; v < height; v++)
      for (let u = 0; u < width; u++) {
        const o = transformPoint(SENSOR, 0, 0, 0);
        const tip = transformPoint(SENSOR, (u - 79.5) / f, (v - 59.5) / f, 1);
        const t = (NEAR - o[0]) / (tip[0] - o[0]);
        const at = o.map((c, k) => c + t * (tip[k]! - c));
        if (Math.abs(at[1]!) < 0.8 && Math.abs(at[2]!) < 0.8) z[v * width + u] = t;
      }
    const grid = { width, height, fx: f, fy: f, cx: 79.5, cy: 59.5, z };
    const alone = scene([far]);
    const other = new Painter(VOXEL);
    const short = { picture: shown, grid } as unknown as Observation;
    for (let turn = 0; turn < 2; turn++) other.paint(alone.surface, short, SENSOR);
    expect(check(other, alone, far).off).toBeLessThan(6);
    expect(check(other, alone, far).painted).toBeGreaterThan(0.4 * behind.all);
  });

  it('is as bright as the map, and its colours go with all others', () => {
    const world = scene([far]);
    const painter = new Painter(VOXEL);
    const dark = picture(COLOR, [far]);
    for (let i = 0; i < dark.data.length; i++) dark.data[i] = (dark.data[i]! - 10) / 1.25;
    const exposure = { gain: 32, bias: 10 };
    for (let turn = 0; turn < 2; turn++) painter.paint(world.surface, observed(dark), SENSOR, exposure);
    expect(check(painter, world, far).off).toBeLessThan(6);
    painter.clear();
    expect(painter.colours(Float32Array.of(FAR, 0, 0))).toHaveLength(0);
  });

  it('from behind the surface, or past it, colours nothing', () => {
    const world = scene([far]);
    const painter = new Painter(VOXEL);
    const away = compose(exp([16, 0, 0, 0, 0, Math.PI]), CAMERA_ON_BODY);
    painter.paint(world.surface, observed(picture(COLOR, [far])), away);
    painter.paint(world.surface, observed(picture(COLOR, [far])), inverse(SENSOR));
    expect(check(painter, world, far).painted).toBe(0);
  });
});
