/** Short number with a unit prefix: 950, 12.3 k, 4.57 M. */
export function compact(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const abs = Math.abs(value);
  if (abs >= 1e9) return `${digits(value / 1e9)} G`;
  if (abs >= 1e6) return `${digits(value / 1e6)} M`;
  if (abs >= 1e3) return `${digits(value / 1e3)} k`;
  return abs >= 100 || Number.isInteger(value) ? value.toFixed(0) : digits(value);
}

/** Bytes in decimal units. */
export function bytes(value: number): string {
  return Number.isFinite(value) ? `${compact(value)}${Math.abs(value) >= 1e3 ? '' : ' '}B` : '–';
}

/** A length: millimetres, centimetres, metres or kilometres. */
export function length(metres: number): string {
  const abs = Math.abs(metres);
  if (!Number.isFinite(metres)) return '–';
  if (abs >= 1000) return `${digits(metres / 1000)} km`;
  if (abs >= 1) return `${digits(metres)} m`;
  if (abs >= 0.01) return `${digits(100 * metres)} cm`;
  return `${digits(1000 * metres)} mm`;
}

/** Seconds as m:ss or h:mm:ss. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–:––';
  const s = Math.floor(seconds);
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  const ss = String(s % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${ss}` : `${m}:${ss}`;
}

/** Three significant digits without an exponent. */
function digits(value: number): string {
  const abs = Math.abs(value);
  return value.toFixed(abs >= 100 ? 0 : abs >= 10 ? 1 : 2);
}

/**
 * Length of a scale bar: 1, 2 or 5 times a power of ten that is at most `pixels` long.
 *
 * @returns metres and pixels
 */
export function scaleBar(metresPerPixel: number, pixels: number): { metres: number; pixels: number } {
  const most = metresPerPixel * pixels;
  if (!(most > 0) || !Number.isFinite(most)) return { metres: 0, pixels: 0 };
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1) * power;
  return { metres, pixels: metres / metresPerPixel };
}
