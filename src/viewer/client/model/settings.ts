import type { RampName } from '../scene/palette.js';
import { SHADINGS, type Shading } from '../scene/shading.js';

export const CAMERA_MODES = ['orbit', 'follow', 'top'] as const;
export type CameraMode = (typeof CAMERA_MODES)[number];
export type Theme = 'auto' | 'light' | 'dark';
export type SliceAxis = 'x' | 'y' | 'z';

/** What the user chose; kept in the browser between visits. */
export interface Settings {
  /** `auto`: see shadingOf. */
  readonly shading: Shading | 'auto';
  readonly ramp: Exclude<RampName, 'age'>;
  readonly camera: CameraMode;
  readonly theme: Theme;
  readonly opacity: number;
  /** Diameter of scan points, CSS pixels. */
  readonly pointSize: number;
  readonly scan: boolean;
  readonly path: boolean;
  readonly keyframes: boolean;
  readonly axes: boolean;
  readonly grid: boolean;
  readonly touches: boolean;
  /** Completed objects. */
  readonly objects: boolean;
  readonly images: boolean;
  /** Ambient occlusion. */
  readonly ambient: boolean;
  readonly slice: boolean;
  readonly sliceAxis: SliceAxis;
  /** Where the plane lies between the map's bounds, 0 … 1. */
  readonly sliceAt: number;
  readonly sliceFlip: boolean;
  readonly panel: boolean;
}

export const DEFAULTS: Settings = {
  shading: 'auto',
  ramp: 'terrain',
  camera: 'orbit',
  theme: 'auto',
  opacity: 1,
  pointSize: 2,
  scan: true,
  path: true,
  keyframes: true,
  axes: true,
  grid: true,
  touches: true,
  objects: true,
  images: true,
  ambient: true,
  slice: false,
  sliceAxis: 'z',
  sliceAt: 0.7,
  sliceFlip: false,
  panel: true,
};

/** Where settings are kept; `localStorage`, or a map in tests. */
export interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = 'feltmap.viewer';
const CHOICES: Partial<Record<keyof Settings, readonly unknown[]>> = {
  shading: [...SHADINGS, 'auto'],
  ramp: ['terrain', 'viridis', 'turbo'],
  camera: CAMERA_MODES,
  theme: ['auto', 'light', 'dark'],
  sliceAxis: ['x', 'y', 'z'],
};
const RANGES: Partial<Record<keyof Settings, readonly [number, number]>> = {
  opacity: [0.05, 1],
  pointSize: [1, 8],
  sliceAt: [0, 1],
};

/** Stored settings over the defaults; what is unknown or out of range is left out. */
export function readSettings(text: string | null): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? '{}');
  } catch {
    return DEFAULTS;
  }
  if (typeof stored !== 'object' || stored === null) return DEFAULTS;
  const valid = Object.entries(stored).filter(([name, value]) => isValid(name, value));
  return { ...DEFAULTS, ...(Object.fromEntries(valid) as Partial<Settings>) };
}

function isValid(name: string, value: unknown): boolean {
  if (!Object.hasOwn(DEFAULTS, name)) return false;
  const key = name as keyof Settings;
  const range = RANGES[key];
  if (range) return typeof value === 'number' && value >= range[0] && value <= range[1];
  const choices = CHOICES[key];
  return choices ? choices.includes(value) : typeof value === typeof DEFAULTS[key];
}

type Listener = (settings: Settings, changed: ReadonlySet<keyof Settings>) => void;

/**
 * Settings with listeners; every change is stored.
 *
 * @example
 * const settings = new SettingsStore(localStorageIfAllowed());
 * settings.subscribe((current) => view.apply(current, 'dark'));
 * settings.set({ shading: 'height' });
 */
export class SettingsStore {
  #current: Settings;
  readonly #listeners = new Set<Listener>();

  constructor(
    private readonly storage: Storage | undefined,
    overrides: Partial<Settings> = {},
  ) {
    let text: string | null = null;
    try {
      text = storage?.getItem(KEY) ?? null;
    } catch {
      // Storage may be forbidden; then nothing is remembered.
    }
    this.#current = { ...readSettings(text), ...overrides };
  }

  get current(): Settings {
    return this.#current;
  }

  set(change: Partial<Settings>): void {
    const changed = new Set<keyof Settings>();
    for (const key of Object.keys(change) as (keyof Settings)[])
      if (this.#current[key] !== change[key]) changed.add(key);
    if (changed.size === 0) return;
    this.#current = { ...this.#current, ...change };
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.#current));
    } catch {
      // Full or forbidden: the change still holds for this visit.
    }
    for (const listener of this.#listeners) listener(this.#current, changed);
  }

  /** Calls the listener now with everything, and after each change. */
  subscribe(listener: Listener): void {
    this.#listeners.add(listener);
    listener(this.#current, new Set(Object.keys(this.#current) as (keyof Settings)[]));
  }
}

/** Settings named in the page's address (`#shading=age&camera=top`), for links and pictures. */
export function settingsFromHash(hash: string): Partial<Settings> {
  const out: Record<string, unknown> = {};
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (!Object.hasOwn(DEFAULTS, name)) continue;
    const kind = typeof DEFAULTS[name as keyof Settings];
    const value =
      kind === 'boolean' ? text === '1' || text === 'true' : kind === 'number' ? Number(text) : text;
    if (isValid(name, value)) out[name] = value;
  }
  return out as Partial<Settings>;
}
