import type { z } from 'zod';
import { FeltmapError } from '../geometry/errors.js';
import { configSchema, type Config } from './schema.js';
import { isGroup, type RawConfig } from './set-path.js';
import { listSettings } from './settings.js';
import { nearestKey } from './suggest.js';

type Issue = z.core.$ZodIssue;

/**
 * Checks settings against the schema and fills in the defaults.
 *
 * @param origin where the settings came from, to begin the message with: `robot.yaml`, `Command line`
 * @throws FeltmapError bad-config naming the first wrong setting, the value it has, the values it takes and, for an
 *   unknown key, the nearest known one.
 */
export function validateConfig(raw: RawConfig, origin: string): Config {
  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more to correct)` : '';
  throw new FeltmapError('bad-config', `${origin}: ${describeIssue(issues[0]!, raw)}${more}.`);
}

function describeIssue(issue: Issue, raw: RawConfig): string {
  const settings = listSettings();
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = path === '' ? issue.keys[0]! : `${path}.${issue.keys[0]!}`;
    const near = nearestKey(
      key,
      settings.map((setting) => setting.path),
    );
    const hint = near ? `did you mean ${near}?` : 'feltmap config lists them all';
    return `there is no setting ${key} (${hint})`;
  }
  // The issue of a list element or a union member has a longer path than the setting it belongs to.
  const setting = settings.find(({ path: known }) => path === known || path.startsWith(`${known}.`));
  if (!setting) return `${path || 'the configuration'} must be a group of settings (key: value lines)`;
  const value = JSON.stringify(lookUp(raw, setting.path)) ?? 'nothing';
  // Cross-field rules carry a message of their own.
  if (issue.code === 'custom') return `${setting.path} = ${value}: ${issue.message}`;
  return `${setting.path} = ${value} is refused; it takes ${setting.takes}`;
}

function lookUp(raw: RawConfig, path: string): unknown {
  let node: unknown = raw;
  for (const key of path.split('.')) node = isGroup(node) ? node[key] : undefined;
  return node;
}
