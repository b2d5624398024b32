import { InvalidArgumentError } from 'commander';

/** Adds to the values of an option that may be repeated. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(text);
}

export function port(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value <= 65535))
    throw new InvalidArgumentError('It takes a port number, 0 to 65535 (0 = any free one).');
  return value;
}

export const seconds = number('a number of seconds, 0 or more', (value) => value >= 0);
export const finite = number('a number', () => true);
export const positive = number('a number above 0', (value) => value > 0);
export const nonNegative = number('a number, 0 or more', (value) => value >= 0);
export const percent = number('a percentage from 0 to 100', (value) => value >= 0 && value <= 100);

const unitOfDepth = number(
  'units a metre (up to 1000000), or metres a unit (from 0.000001)',
  (value) => value >= 1e-6 && value <= 1e6,
);

/** Metres of a unit of depth, from that or from units a metre. */
export function depthScale(text: string): number {
  const value = unitOfDepth(text);
  return value < 1 ? value : 1 / value;
}

export function list(text: string): number[] {
  return text.split(',').map(positive);
}

export function numbers(text: string): number[] {
  return text.split(',').map(finite);
}

/** Adds numbers between commas to the values of an option that may be repeated. */
export function collectNumbers(value: string, previous: number[][] = []): number[][] {
  return [...previous, numbers(value)];
}

function number(what: string, accepts: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || !accepts(value))
      throw new InvalidArgumentError(`It takes ${what}.`);
    return value;
  };
}
