import type { Random } from '../../geometry/random.js';
import { boxBetween, placed, post, type Primitive } from '../primitives.js';

/** A tree: trunk and a crown of overlapping spheres (a union of spheres keeps the distance exact). */
export function tree(x: number, y: number, z: number, random: Random, size = 1): Primitive[] {
  const trunk = random.range(2.4, 3.2) * size;
  const crown = random.range(1, 1.4) * size;
  const parts: Primitive[] = [post(x, y, z - 0.2, random.range(0.12, 0.24) * size, trunk + crown, 0.35)];
  const blobs = 5 + random.int(4);
  for (let i = 0; i < blobs; i++) {
    const around = random.range(0, 2 * Math.PI);
    const out = i === 0 ? 0 : random.range(0.4, 0.8) * crown;
    parts.push({
      kind: 'sphere',
      pose: placed(
        x + out * Math.cos(around),
        y + out * Math.sin(around),
        z + trunk + crown * (0.55 + (i === 0 ? 0.5 : random.range(0, 1))),
      ),
      radius: crown * random.range(0.5, 0.85),
      reflectivity: random.range(0.35, 0.6),
    });
  }
  return parts;
}

/** A street lamp whose arm reaches towards `armYaw`. */
export function lamp(x: number, y: number, z: number, armYaw: number, random: Random): Primitive[] {
  const height = random.range(5, 6.5);
  return [
    post(x, y, z - 0.1, 0.13, 1.0, 0.3),
    post(x, y, z - 0.1, random.range(0.06, 0.09), height, 0.3),
    boxBetween(placed(x, y, z + height - 0.2, armYaw), [-0.1, 1.3], [-0.05, 0.05], [0, 0.1], 0.3),
    boxBetween(placed(x, y, z + height - 0.2, armYaw), [0.9, 1.5], [-0.12, 0.12], [-0.1, 0.04], 0.4),
  ];
}

/** A traffic sign facing along ±`yaw`. */
export function sign(x: number, y: number, z: number, yaw: number, random: Random): Primitive[] {
  const height = random.range(2.2, 2.7);
  return [
    post(x, y, z - 0.1, 0.03, height + 0.1, 0.4),
    boxBetween(placed(x, y, z, yaw), [0.03, 0.06], [-0.3, 0.3], [height - 0.6, height], 0.95),
  ];
}

/** A bench along local x. */
export function bench(x: number, y: number, z: number, yaw: number): Primitive[] {
  const at = placed(x, y, z, yaw);
  return [
    boxBetween(at, [-0.8, 0.8], [-0.22, 0.22], [0.4, 0.46], 0.4),
    boxBetween(at, [-0.8, 0.8], [0.2, 0.25], [0.46, 0.9], 0.4),
    boxBetween(at, [-0.7, -0.6], [-0.2, 0.2], [-0.05, 0.4], 0.3),
    boxBetween(at, [0.6, 0.7], [-0.2, 0.2], [-0.05, 0.4], 0.3),
  ];
}
