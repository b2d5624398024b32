import type { Backdrop } from './passes.js';

/** Colours of the scene that go with the page's theme. */
export interface Look {
  readonly backdrop: Backdrop;
  readonly grid: string;
  readonly gridStrength: number;
  readonly scan: string;
  readonly keyframes: string;
  readonly outline: string;
  /** By tracking state. */
  readonly path: readonly [string, string, string];
}

/** The looks of the dark and the light page. */
export const LOOKS: Readonly<Record<'dark' | 'light', Look>> = {
  dark: {
    backdrop: { top: [0.135, 0.158, 0.205], bottom: [0.048, 0.058, 0.08] },
    grid: '#8fa3c0',
    gridStrength: 0.3,
    scan: '#fff3c9',
    keyframes: '#ffffff',
    outline: '#0a0e15',
    path: ['#ff4f64', '#ffb13d', '#9aa3b2'],
  },
  light: {
    backdrop: { top: [0.965, 0.972, 0.984], bottom: [0.86, 0.885, 0.92] },
    grid: '#5c6f8c',
    gridStrength: 0.34,
    scan: '#7a1fa2',
    keyframes: '#3d0a14',
    outline: '#ffffff',
    path: ['#e4203c', '#c87800', '#5f6878'],
  },
};
