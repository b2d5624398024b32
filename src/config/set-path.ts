import { parse } from 'yaml';
import { FeltmapError } from '../geometry/errors.js';

/** A configuration before validation: nested plain objects. */
export type RawConfig = { [key: string]: unknown };

/** Splits `key=value`; the value is read as YAML, so `true`, `1e-3` and `[1, 2]` are what they look like.
 * @throws FeltmapError bad-config when there is no key, no `=` or the value is no YAML. */
export function parseAssignment(text: string): { path: string; value: unknown } {
  const at = text.indexOf('=');
  const path = text.slice(0, at).trim();
  if (at < 1 || path === '')
    throw new FeltmapError(
      'bad-config',
      `--set takes key=value, for example --set sensor.maxRange=80; got "${text}".`,
    );
  try {
    return { path, value: parse(text.slice(at + 1)) as unknown };
  } catch (cause) {
    throw new FeltmapError(
      'bad-config',
      `The value in --set ${text} is not valid YAML; quote it if it is text.`,
      { cause },
    );
  }
}

/** Sets `a.b.c` in nested objects, creating groups on the way. Changes `target`.
 * @throws FeltmapError bad-config when a part of the path is a value rather than a group. */
export function setByPath(target: RawConfig, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = target;
  for (const [i, key] of keys.slice(0, -1).entries()) {
    // `__proto__` and friends must stay ordinary (and then unknown) keys.
    if (!Object.hasOwn(node, key) || node[key] === null) define(node, key, {});
    const child = node[key];
    if (!isGroup(child)) {
      const group = keys.slice(0, i + 1).join('.');
      throw new FeltmapError(
        'bad-config',
        `Cannot set ${path}: ${group} is a value, not a group of settings.`,
      );
    }
    node = child;
  }
  define(node, keys[keys.length - 1]!, value);
}

/** Overlays `over` on `base`: groups are merged, values replaced. Returns a new object. */
export function mergeConfig(base: RawConfig, over: RawConfig): RawConfig {
  const out: RawConfig = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(out, key) ? out[key] : undefined;
    define(out, key, isGroup(below) && isGroup(value) ? mergeConfig(below, value) : value);
  }
  return out;
}

export function isGroup(value: unknown): value is RawConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function define(node: RawConfig, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
}
