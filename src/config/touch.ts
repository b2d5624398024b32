import type { Config } from './schema.js';

/** The configuration of the grid that is made by touch: fused distances and nothing learned. Lengths are not scaled. */
export function touchConfig(config: Config): Config {
  const { touch, map, training, mesh } = config;
  return {
    ...config,
    map: {
      ...map,
      voxel: touch.voxel,
      truncation: touch.truncation,
      maxRange: 1,
      maxWeight: 64,
      saturation: 64,
      carveEvery: 0,
    },
    training: { ...training, iterations: 0, window: 0, outputScale: touch.voxel },
    mesh: { ...mesh, minWeight: 1e-6, minComponentTriangles: Math.min(20, mesh.minComponentTriangles) },
  };
}

/**
 * The configuration of LiDARs in a map that touch has a part in. An arm works in rooms: lengths that suit streets (voxels of
 * 15 cm) leave out what it stands before, and where the body is while it touches is known worse (docs/benchmarks.md).
 */
export function besideTouch(config: Config): Config {
  const { sensor, touch } = config;
  return { ...config, sensor: { ...sensor, maxRange: Math.min(sensor.maxRange, touch.lidarRange) } };
}

/** The setting by whose range returns of LiDARs are dropped. */
export type LidarRangeSetting = 'sensor.maxRange' | 'touch.lidarRange';

/** Which one it is in a map: see {@link besideTouch}. */
export function lidarRangeSetting({ sensor, touch }: Config): LidarRangeSetting {
  const beside = sensor.kind.split('+').includes('touch');
  return beside && touch.lidarRange < sensor.maxRange ? 'touch.lidarRange' : 'sensor.maxRange';
}

/** How wrong the places of tactile sensors on the hand may be (m, rad); undefined: they are right. */
export function handEyeSigma({
  touch: { handEyeLinear: translation, handEyeAngular },
}: Config): { readonly translation: number; readonly rotation: number } | undefined {
  const rotation = (handEyeAngular * Math.PI) / 180;
  return translation > 0 && rotation > 0 ? { translation, rotation } : undefined;
}
