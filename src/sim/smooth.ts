/** Smoothstep of degree 5, 0 below 0 and 1 above 1: twice continuously differentiable. */
export function smoothstep(u: number): number {
  if (u <= 0) return 0;
  if (u >= 1) return 1;
  return u * u * u * (u * (6 * u - 15) + 10);
}

/** Integral of {@link smoothstep} from 0. */
export function smoothstepIntegral(u: number): number {
  if (u <= 0) return 0;
  if (u >= 1) return u - 0.5;
  return u * u * u * u * (u * (u - 3) + 2.5);
}

// Five-point Gauss–Legendre nodes and weights on [0, 1] (Abramowitz and Stegun, table 25.4).
const NODES = [0.046910077030668, 0.23076534494715845, 0.5, 0.7692346550528415, 0.953089922969332];
const WEIGHTS = [
  0.11846344252809454, 0.23931433524968324, 0.28444444444444444, 0.23931433524968324, 0.11846344252809454,
];

/** ∫ f from a to b by five-point Gauss–Legendre quadrature. */
export function integrate(f: (x: number) => number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += WEIGHTS[i]! * f(a + (b - a) * NODES[i]!);
  return sum * (b - a);
}

/** Σ amplitude · sin(ω·x + phase). */
export interface Wave {
  readonly amplitude: number;
  readonly omega: number;
  readonly phase: number;
}

export function waves(sum: readonly Wave[], x: number): number {
  let y = 0;
  for (const w of sum) y += w.amplitude * Math.sin(w.omega * x + w.phase);
  return y;
}

export function wavesSlope(sum: readonly Wave[], x: number): number {
  let y = 0;
  for (const w of sum) y += w.amplitude * w.omega * Math.cos(w.omega * x + w.phase);
  return y;
}
