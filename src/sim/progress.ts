import type { Random } from '../geometry/random.js';
import type { Route } from './route.js';
import { integrate, smoothstep, smoothstepIntegral, waves, type Wave } from './smooth.js';

/** How far along the way one is at a time: both directions of the same strictly growing function. */
export interface Progress {
  /** Arc length in metres at time t ≥ 0 (seconds). */
  distance(t: number): number;
  /** Time at which arc length s is reached. */
  time(s: number): number;
}

const CELL = 0.5;

/**
 * A car's progress: speeds between the route's lowest and highest, slower in bends, with braking before and
 * acceleration after them. v is a smooth function of s; t(s) = ∫ ds / v is tabulated and inverted by Newton's method.
 * It starts in motion.
 */
export function driving(route: Route, random: Random): Progress {
  const [low, high] = route.speed.smooth;
  const spread = (high - low) / 2;
  const variation: Wave[] = [0.35, 0.65].map((share, i) => ({
    amplitude: share * spread * 0.9,
    omega: (2 * Math.PI) / (random.range(50, 90) / (i + 1)),
    phase: random.range(0, 2 * Math.PI),
  }));
  const bends = route.bends;
  const speed = (s: number): number => {
    const v = (low + high) / 2 + waves(variation, s);
    let ease = 1; // 1 on straights, 0 in the middle of a bend
    for (const b of bends) ease *= 1 - Math.exp(-(((s - b) / 13) ** 2));
    return low + (v - low) * ease;
  };
  const slowness = (s: number): number => 1 / speed(s);
  const margin = 60; // the table reaches past both ends so that differences at the ends stay smooth
  const cells = Math.ceil((route.length + 2 * margin) / CELL);
  const times = new Float64Array(cells + 1);
  for (let c = 0; c < cells; c++) {
    times[c + 1] = times[c]! + integrate(slowness, c * CELL - margin, (c + 1) * CELL - margin);
  }
  const zero = times[Math.round(margin / CELL)]!;
  const time = (s: number): number => {
    const c = Math.min(Math.max(Math.floor((s + margin) / CELL), 0), cells - 1);
    return times[c]! - zero + integrate(slowness, c * CELL - margin, s);
  };
  const distance = (t: number): number => {
    let [a, b] = [0, cells];
    while (b - a > 1) {
      const middle = (a + b) >> 1;
      if (times[middle]! - zero <= t) a = middle;
      else b = middle;
    }
    let s = a * CELL - margin;
    for (let i = 0; i < 20; i++) {
      const step = (t - time(s)) * speed(s);
      s += step;
      if (Math.abs(step) < 1e-13) break;
    }
    return s;
  };
  return { distance, time };
}

/** A walker's progress: from rest to the route's walking speed in two seconds, then a little uneven. */
export function walking(route: Route, random: Random): Progress {
  const speed = route.speed.walking;
  const omega = random.range(1.1, 1.5);
  const phase = random.range(0, 2 * Math.PI);
  const amplitude = 0.12 * speed;
  const distance = (t: number): number =>
    speed * 2 * smoothstepIntegral(t / 2) + amplitude * smoothstep(t / 2) * Math.sin(omega * t + phase);
  const time = (s: number): number => {
    let [a, b] = [0, s / speed + 10];
    for (let i = 0; i < 80; i++) {
      const middle = (a + b) / 2;
      if (distance(middle) < s) a = middle;
      else b = middle;
    }
    return b;
  };
  return { distance, time };
}
