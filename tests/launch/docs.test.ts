import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fillParameterReference } from '../../src/ros/parameter-reference.js';
import { listParameters, settingPaths } from '../../src/ros/parameters.js';

const docs = readFileSync(new URL('../../docs/ros.md', import.meta.url), 'utf8');

describe('docs/ros.md', () => {
  it('has the parameters that the node declares (npm run docs writes them)', () => {
    expect(fillParameterReference(docs)).toBe(docs);
    const settings = new Set(settingPaths());
    const own = listParameters().filter(({ name }) => !settings.has(name));
    expect(own.length).toBeGreaterThan(10);
    for (const { name } of own) expect(docs).toContain(`| \`${name}\` |`);
  });

  it('notices a table that is out of date', () => {
    const old = docs.replace(/^\| `base_frame` \|.*empty: the.*\n/m, '');
    expect(old).not.toBe(docs);
    expect(fillParameterReference(old)).not.toBe(old);
  });
});
