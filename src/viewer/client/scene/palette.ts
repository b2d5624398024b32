/** sRGB colours of the ramps, low to high. */
const RAMPS = {
  /** Slate over teal to sand and coral: the colours of the report's picture. */
  terrain: ['#39496f', '#3f6f93', '#4f9d9b', '#93c08a', '#e8cf82', '#f0a868', '#e57f62'],
  /** Samples of Matplotlib's viridis (CC0). */
  viridis: [
    '#440154',
    '#482878',
    '#3e4989',
    '#31688e',
    '#26828e',
    '#1f9e89',
    '#35b779',
    '#6ece58',
    '#b5de2b',
    '#fde725',
  ],
  /** From the first surfaces of a run (dusk) to the newest (glow). */
  age: ['#3a3f6b', '#5b4a86', '#8a5593', '#bd6389', '#e27d72', '#f4a65f', '#ffe08a'],
} as const;

export type RampName = keyof typeof RAMPS | 'turbo';

/**
 * Texels of a ramp.
 *
 * @param size texels
 * @returns 4·size, sRGB and opaque
 */
export function rampTexels(name: RampName, size = 256): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(4 * size);
  for (let i = 0; i < size; i++) {
    const rgb = name === 'turbo' ? turbo(i / (size - 1)) : between(RAMPS[name], i / (size - 1));
    for (let c = 0; c < 3; c++) out[4 * i + c] = Math.round(255 * Math.min(1, Math.max(0, rgb[c]!)));
    out[4 * i + 3] = 255;
  }
  return out;
}

function between(stops: readonly string[], t: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [parse(stops[i]!), parse(stops[i + 1]!)];
  return [0, 1, 2].map((c) => a[c]! + (at - i) * (b[c]! - a[c]!)) as [number, number, number];
}

function parse(hex: string): [number, number, number] {
  const v = parseInt(hex.slice(1), 16);
  return [(v >> 16) / 255, ((v >> 8) & 255) / 255, (v & 255) / 255];
}

/** Polynomial fit of the Turbo ramp (Mikhailov 2019, "Turbo, an improved rainbow colormap"; Apache-2.0). */
function turbo(t: number): [number, number, number] {
  const p = (k: readonly number[]): number => k.reduceRight((sum, c) => sum * t + c, 0);
  return [
    p([0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943]),
    p([0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604]),
    p([0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973]),
  ];
}
