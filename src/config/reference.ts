import { stringify } from 'yaml';
import { configSchema } from './schema.js';
import { groupDescriptions, listSettings, type Setting } from './settings.js';

/** All defaults as commented YAML: a file that can be edited and given to --config. */
export function renderDefaultsYaml(): string {
  const defaults = configSchema.parse({}) as Record<string, unknown>;
  const lines: string[] = ['# Every setting of Feltmap with its default. Keep only what you change.'];
  let group = '';
  for (const setting of listSettings()) {
    const dot = setting.path.lastIndexOf('.');
    const parent = setting.path.slice(0, Math.max(0, dot));
    if (parent !== group) {
      lines.push('', ...openGroups(group, parent));
      group = parent;
    }
    const indent = '  '.repeat(parent === '' ? 0 : parent.split('.').length);
    const key = setting.path.slice(dot + 1);
    const value = resolve(defaults, setting.path);
    lines.push(`${indent}# ${setting.description} (${setting.takes})`);
    // A setting without a default is derived; show it commented out.
    if (value === undefined) lines.push(`${indent}# ${key}:`);
    else lines.push(`${indent}${key}: ${stringify(value, { collectionStyle: 'flow' }).trim()}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The reference in Markdown, one table per group; docs/configuration.md is this text. */
export function renderReference(): string {
  const groups = new Map<string, Setting[]>();
  for (const setting of listSettings()) {
    const dot = setting.path.lastIndexOf('.');
    const name = dot < 0 ? '' : setting.path.slice(0, dot);
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  const described = groupDescriptions();
  const out = [
    '# Configuration reference',
    '',
    'Generated from `src/config/schema.ts` by `npm run docs`; do not edit by hand.',
    '',
    'Settings come from, later ones winning: the defaults below, a YAML file (`--config robot.yaml`), `--set key=value`',
    '(any number of times), flags such as `--threads`. An unknown key or a value out of range is refused.',
    '`feltmap config` prints the defaults as YAML, ready to edit.',
    '',
    '```yaml',
    'sensor:',
    '  maxRange: 60 # the same as --set sensor.maxRange=60',
    '```',
  ];
  for (const [name, settings] of groups) {
    out.push('', `## ${name === '' ? 'General' : `\`${name}\``}`, '');
    const description = described.get(name);
    if (description) out.push(description, '');
    out.push('| Setting | Default | Takes | Meaning |', '|---|---|---|---|');
    for (const setting of settings) out.push(row(setting));
  }
  return `${out.join('\n')}\n`;
}

function row({ path, default: value, takes, description }: Setting): string {
  const shown = value === undefined ? 'derived' : `\`${JSON.stringify(value)}\``;
  return `| \`${path}\` | ${shown} | ${cell(takes)} | ${cell(description)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function openGroups(from: string, to: string): string[] {
  const before = from === '' ? [] : from.split('.');
  const after = to === '' ? [] : to.split('.');
  let shared = 0;
  while (shared < before.length && before[shared] === after[shared]) shared++;
  return after.slice(shared).map((key, i) => `${'  '.repeat(shared + i)}${key}:`);
}

function resolve(config: Record<string, unknown>, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], config);
}
