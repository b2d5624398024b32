// Pure helpers of the benchmarks: tables, figures, sections of docs/benchmarks.md.

/** A Markdown table; the first column is text, the others are figures. */
export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, i) => (i === 0 ? '---' : '--:'));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/**
 * Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
 *
 * @throws Error when the markers are missing or not in order: nothing else of the page may be touched
 */
export function replaceSection(text, name, body) {
  const open = `<!-- bench:${name} -->`;
  const close = `<!-- /bench:${name} -->`;
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks the markers ${open} … ${close}`);
  return `${text.slice(0, from + open.length)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}

/** A figure with so many decimals; a dash where there is none. */
export function fixed(value, decimals) {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(decimals);
}

export function mean(values) {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** The value that a share `q` (0…1) of the values does not exceed (nearest rank); NaN of nothing. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/**
 * Finds x at which a falling function takes a wanted value, assuming value ∝ x^-power locally.
 *
 * @param {(x: number) => Promise<number>} f positive and falling
 * @returns the x tried whose value was nearest to the wanted one, relatively
 */
export async function solveFalling(f, wanted, start, { power = 2.5, tolerance = 0.01, tries = 6 } = {}) {
  let x = start;
  let best = { x, value: NaN, error: Infinity };
  let exponent = power;
  let last;
  for (let i = 0; i < tries; i++) {
    const value = await f(x);
    const error = Math.abs(value / wanted - 1);
    if (error < best.error) best = { x, value, error };
    if (error <= tolerance) break;
    if (last && last.x !== x && last.value !== value) {
      // Secant in logarithms, kept within reason where f has steps.
      exponent = Math.min(4, Math.max(1, -Math.log(value / last.value) / Math.log(x / last.x)));
    }
    last = { x, value };
    x *= (value / wanted) ** (1 / exponent);
  }
  return { x: best.x, value: best.value };
}
