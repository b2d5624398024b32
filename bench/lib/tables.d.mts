export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string;
export function replaceSection(text: string, name: string, body: string): string;
export function fixed(value: number | undefined, decimals: number): string;
export function mean(values: readonly number[]): number;
export function quantile(values: readonly number[], q: number): number;
export function solveFalling(
  f: (x: number) => Promise<number>,
  wanted: number,
  start: number,
  options?: { power?: number; tolerance?: number; tries?: number },
): Promise<{ x: number; value: number }>;
