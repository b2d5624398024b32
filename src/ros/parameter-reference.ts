import { settingPaths, LIVE_SETTINGS, listParameters, type ParameterSpec } from './parameters.js';

/** The parameters of the ROS side as a table in Markdown, for docs/ros.md. */
function renderParameterTable(): string {
  const settings = new Set(settingPaths());
  const rows = listParameters()
    .filter(({ name }) => !settings.has(name))
    .map(
      (spec) =>
        `| \`${spec.name}\` | ${show(spec)} | ${takes(spec)} | ${spec.change} | ${spec.description} |`,
    );
  return ['| Parameter | Default | Takes | Change | Meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** Writes table and list of live settings between their marks in docs/ros.md; the rest of the text stays. */
export function fillParameterReference(text: string): string {
  const live = [...LIVE_SETTINGS].map((path) => `\`${path}\``).join(', ');
  return text
    .replace(
      /(<!-- parameters:[^>]*-->\n)[^]*?(<!-- end of parameters -->)/,
      (_, open: string, close: string) => `${open}\n${renderParameterTable()}\n\n${close}`,
    )
    .replace(/(<!-- live -->)[^]*?(<!-- end of live -->)/, `$1${live}$2`);
}

function show({ default: value }: ParameterSpec): string {
  return value === '' ? 'empty' : `\`${JSON.stringify(value)}\``;
}

function takes({ kind, range, choices, constraints }: ParameterSpec): string {
  if (choices) return choices.join(', ');
  if (range) return `${kind}, ${range[0]} to ${range[1]}`;
  return constraints === '' ? kind : `${kind}, ${constraints}`;
}
