import type { EngineReport, Survey } from '../field/backends/survey.js';

/** The engines of this machine as text for people. */
export function describeEngines({ engines, auto }: Survey): string {
  const lines = [`engine auto takes ${auto} here`, ''];
  for (const report of engines) lines.push(...describe(report), '');
  lines.push('Samples per second of one optimisation step (forward, backward, update). docs/engines.md');
  return lines.join('\n');
}

function describe({ engine, usable, reason, device, limits, samplesPerSecond }: EngineReport): string[] {
  if (!usable) return [`${engine}: not usable`, `  ${reason}`];
  const speed = samplesPerSecond === undefined ? '' : `, ${rounded(samplesPerSecond)} samples/s`;
  return [
    `${engine}: usable${speed}`,
    `  ${device}`,
    ...(reason ? [`  ${reason}`] : []),
    ...Object.entries(limits ?? {}).map(([name, value]) => `  ${name.padEnd(34)} ${value}`),
  ];
}

/** Three digits: 1 234 567 is 1230000. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
