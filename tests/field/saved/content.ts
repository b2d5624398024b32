// A small map with known corners, for the tests of the saved format.
import type {
  ColourCorners,
  DistanceLevel,
  FeatureCorners,
  MapContent,
} from '../../../src/field/saved/content.js';
import { Random } from '../../../src/geometry/random.js';
import { exp, identity } from '../../../src/geometry/se3.js';

/** The file of a layer; its name holds a checksum. */
export function layerFile(files: ReadonlyMap<string, Uint8Array>, layer: string): string {
  const name = [...files.keys()].find((one) => one.startsWith(`submap-0.grid-0.${layer}.`));
  if (name === undefined) throw new Error(`there is no layer ${layer}`);
  return name;
}

export const VOXEL = 0.15;
export const TRUNCATION = 0.3;

export interface Blocks {
  /** bx by bz per block. */
  readonly coords: Int32Array;
  /** 512 pairs {distance, weight} per block. */
  readonly data: Float32Array;
}

export function levelOf({ coords, data }: Blocks, truncation = TRUNCATION): DistanceLevel {
  return { truncation, coords, corners: (block) => data.subarray(block * 1024, block * 1024 + 1024) };
}

/** Corners near a rippled floor, on a grid of blocks about the origin, in an order of no meaning. */
export function floor(seed: number, size = 3): Blocks {
  const random = new Random(seed);
  const places: [number, number, number][] = [];
  for (let x = -size; x < size; x++)
    for (let y = -size; y < size; y++) for (let z = -1; z < 1; z++) places.push([x, y, z]);
  places.sort(() => random.next() - 0.5);
  const count = places.length;
  const [coords, data] = [new Int32Array(count * 3), new Float32Array(count * 1024)];
  places.forEach((place, n) => {
    coords.set(place, n * 3);
    for (let i = 0; i < 512; i++) {
      const [x, y, z] = [0, 1, 2].map((a) => (place[a]! * 8 + ((i >> (3 * a)) & 7)) * VOXEL) as [
        number,
        number,
        number,
      ];
      const d = z - 0.1 * Math.sin(x) * Math.cos(y) + 0.005 * random.normal();
      if (Math.abs(d) > TRUNCATION || random.chance(0.05)) continue;
      data[(n * 512 + i) * 2] = d;
      data[(n * 512 + i) * 2 + 1] = 100 * random.next() ** 4 + 1e-5;
    }
  });
  return { coords, data };
}

/** Two blocks with features on half of their corners; `values` has eight per row, rows count from 1. */
export function features(seed: number): FeatureCorners & { numbers: Int32Array; values: Float32Array } {
  const random = new Random(seed);
  const coords = Int32Array.of(1, 0, -2, -3, 5, 0);
  const numbers = new Int32Array(2 * 512);
  const values = new Float32Array(400 * 8);
  let row = 1;
  for (let at = 0; at < numbers.length && row < 400; at++) {
    if (!random.chance(0.5)) continue;
    if (row % 5) for (let k = 0; k < 8; k++) values[row * 8 + k] = 0.2 * random.normal();
    numbers[at] = row++;
  }
  return {
    coords,
    numbers,
    values,
    decoder: Float32Array.of(1, -2.5, 3e-3),
    rows: (block) => numbers.subarray(block * 512, block * 512 + 512),
    features: (n) => values.subarray(n * 8, n * 8 + 8),
  };
}

/** Colours on the corners near the floor: a smooth pattern with noise, weights of many sizes. */
export function colours({ coords, data }: Blocks, seed = 5): ColourCorners & { values: Uint16Array } {
  const random = new Random(seed);
  const values = new Uint16Array(data.length * 2);
  for (let at = 0; at < data.length / 2; at++) {
    if (!(data[2 * at + 1]! > 0) || Math.abs(data[2 * at]!) > 0.2 || random.chance(0.1)) continue;
    const i = at % 512;
    const x = coords[3 * Math.floor(at / 512)]! * 8 + (i & 7);
    for (let c = 0; c < 3; c++) {
      const level = 128 + 90 * Math.sin(x / (20 + 4 * c)) + 2 * random.normal();
      values[4 * at + c] = Math.max(0, Math.min(65_280, Math.round(256 * level)));
    }
    values[4 * at + 3] = Math.max(1, Math.round(16_384 * random.next() ** 6));
  }
  return { coords, values, corners: (block) => values.subarray(block * 2048, block * 2048 + 2048) };
}

export function content(blocks = floor(7), withFeatures = true, withColours = false): MapContent {
  return {
    sensor: 'lidar',
    frame: 'lidar',
    scans: 12,
    last: { submap: 0, T_submap_sensor: exp([1, 2, 3, 0.1, -0.2, 0.3]) },
    submaps: [
      {
        id: 0,
        T_world_submap: identity(),
        places: [exp([0, 0, 0, 0, 0, 0]), exp([4, 5, 6, 1, 0.5, -2])],
        grids: [
          {
            spec: {
              voxel: VOXEL,
              truncation: TRUNCATION,
              pyramid: [],
              layers: [
                { name: 'distance', wordsPerCorner: 2, stride: 1 },
                { name: 'features', wordsPerCorner: 1, stride: 4 },
                ...(withColours ? [{ name: 'colour' as const, wordsPerCorner: 2, stride: 1 }] : []),
              ],
            },
            layers: {
              distance: [levelOf(blocks)],
              ...(withFeatures ? { features: features(8) } : {}),
              ...(withColours ? { colour: colours(blocks) } : {}),
            },
          },
        ],
      },
    ],
  };
}
