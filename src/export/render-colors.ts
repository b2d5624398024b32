export type Rgb = readonly [number, number, number];

/** Dark-to-light ramp for heights, linear light: slate blue over teal to sand and coral. */
const RAMP = ['#39496f', '#3f6f93', '#4f9d9b', '#93c08a', '#e8cf82', '#f0a868', '#e57f62'].map(hexToLinear);

/** Colour of a height, 0 lowest and 1 highest, in linear light. */
export function ramp(t: number): Rgb {
  const at = Math.min(1, Math.max(0, t)) * (RAMP.length - 1);
  const i = Math.min(RAMP.length - 2, Math.floor(at));
  return mix(RAMP[i]!, RAMP[i + 1]!, at - i);
}

/** Pastel colour of a direction, in linear light: level surfaces sand, walls by the way they face. */
export function normalColor(x: number, y: number, z: number): Rgb {
  return [
    toLinear(0.66 + 0.22 * x + 0.12 * z),
    toLinear(0.66 + 0.16 * y + 0.12 * z),
    toLinear(0.74 - 0.12 * x - 0.12 * y),
  ];
}

export function mix(a: Rgb, b: Rgb, s: number): Rgb {
  return [a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1]), a[2] + s * (b[2] - a[2])];
}

/** #rrggbb to linear light, 0…1. */
export function hexToLinear(hex: string): Rgb {
  const v = parseInt(hex.slice(1), 16);
  return [toLinear((v >> 16) / 255), toLinear(((v >> 8) & 255) / 255), toLinear((v & 255) / 255)];
}

export function toLinear(s: number): number {
  const c = Math.min(1, Math.max(0, s));
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

export function toSrgb(l: number): number {
  const c = Math.min(1, Math.max(0, l));
  return c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055;
}
