import type { Random } from '../../geometry/random.js';
import { mix, noise3 } from './noise.js';
import { srgb, type Rgb, type Texture } from './material.js';

interface Shape {
  readonly kind: 'disc' | 'bar' | 'ring';
  readonly x: number;
  readonly z: number;
  readonly size: number;
  readonly cos: number;
  readonly sin: number;
  readonly thin: number;
  readonly color: Rgb;
}

const BRIGHT = ['#c8342c', '#e8b93c', '#2f6fb3', '#2f8f5b', '#f2efe6', '#1f2430', '#d9772b', '#7a3f8f'].map(
  srgb,
);

/** A printed poster of discs, rings and bars in a white margin; x runs along it, z up. */
export function poster(width: number, height: number, random: Random): Texture {
  const background = BRIGHT[random.int(BRIGHT.length)]!;
  const shapes: Shape[] = Array.from({ length: 7 + random.int(5) }, () => {
    const angle = random.range(0, Math.PI);
    return {
      kind: (['disc', 'bar', 'ring'] as const)[random.int(3)]!,
      x: random.range(-0.4, 0.4) * width,
      z: random.range(-0.4, 0.4) * height,
      size: random.range(0.08, 0.26) * Math.min(width, height),
      cos: Math.cos(angle),
      sin: Math.sin(angle),
      thin: random.range(0.12, 0.4),
      color: BRIGHT[random.int(BRIGHT.length)]!,
    };
  });
  const margin = 0.03;
  const paper = srgb('#f4f1ea');
  return (x, _y, z, out) => {
    let color = background;
    if (Math.abs(x) > width / 2 - margin || Math.abs(z) > height / 2 - margin) color = paper;
    else for (const s of shapes) if (covers(s, x - s.x, z - s.z)) color = s.color;
    out[0] = color[0];
    out[1] = color[1];
    out[2] = color[2];
  };
}

function covers(s: Shape, x: number, z: number): boolean {
  if (s.kind === 'bar') {
    const a = s.cos * x + s.sin * z;
    const b = s.cos * z - s.sin * x;
    return Math.abs(a) < 1.6 * s.size && Math.abs(b) < s.thin * s.size;
  }
  const r = Math.sqrt(x * x + z * z);
  return r < s.size && (s.kind === 'disc' || r > s.size * (1 - s.thin));
}

/** A painted landscape: sky, two ridges of hills and a field; x runs along it, z up. */
export function landscape(height: number, random: Random): Texture {
  const seed = random.int(1000);
  const sky: readonly [Rgb, Rgb] = [srgb('#7fb2de'), srgb('#f0d9b0')];
  const far = srgb(random.chance(0.5) ? '#5a7a8c' : '#7d6a8a');
  const near = srgb(random.chance(0.5) ? '#3d6b3a' : '#6b5a2e');
  const field: readonly [Rgb, Rgb] = [srgb('#b8a545'), srgb('#5d7a2c')];
  return (x, _y, z, out) => {
    const v = z / height;
    const ridge = 0.14 + 0.25 * (noise3(x * 7, 0, seed) - 0.5);
    const hill = -0.08 + 0.22 * (noise3(x * 11, 5, seed) - 0.5);
    const dab = 0.8 + 0.4 * noise3(x * 70, z * 110, seed); // strokes of the brush
    let [a, b, t] = [sky[1], sky[0], v + 0.4 * noise3(x * 12, z * 30, seed)] as [Rgb, Rgb, number];
    if (v < hill) [a, b, t] = [field[0], field[1], noise3(x * 30, z * 60, seed + 2)];
    else if (v < ridge) [a, b, t] = [far, near, noise3(x * 22, z * 25, seed + 1)];
    t = Math.min(Math.max(t, 0), 1);
    for (let k = 0; k < 3; k++) out[k] = Math.min(mix(a[k]!, b[k]!, t) * dab, 1);
  };
}
