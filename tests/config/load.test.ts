import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { configSchema } from '../../src/config/schema.js';
import { mergeConfig, parseAssignment, setByPath, type RawConfig } from '../../src/config/set-path.js';
import { editDistance, nearestKey } from '../../src/config/suggest.js';
import { listSettings } from '../../src/config/settings.js';
import { renderDefaultsYaml } from '../../src/config/reference.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

describe('loadConfig', () => {
  it('gives the defaults when nothing is said', async () => {
    expect(await loadConfig()).toEqual(configSchema.parse({}));
  });

  it('lets the file win over defaults, --set over the file and flags over --set', async () => {
    const path = await file('a.yaml', 'seed: 2\nthreads: 2\nsensor:\n  maxRange: 60\n  minRange: 1\n');
    const config = await loadConfig({
      file: path,
      set: ['sensor.maxRange=70', 'threads=3'],
      flags: { threads: 4, seed: undefined },
    });
    expect(config.sensor.maxRange).toBe(70);
    expect(config.sensor.minRange).toBe(1);
    expect(config.threads).toBe(4);
    expect(config.seed).toBe(2);
  });

  it('takes an empty file as no settings', async () => {
    expect(await loadConfig({ file: await file('empty.yaml', '# nothing\n') })).toEqual(
      configSchema.parse({}),
    );
  });

  it.each([
    [
      'an unknown key with the nearest one',
      ['sensor.maxRnge=3'],
      /no setting sensor\.maxRnge.*sensor\.maxRange/,
    ],
    ['a key in the wrong group', ['maxRange=3'], /no setting maxRange.*sensor\.maxRange/],
    ['a key like nothing known', ['zzzzqqqq=3'], /no setting zzzzqqqq.*feltmap config/],
    ['a value out of range with its range', ['sensor.maxRange=-3'], /sensor\.maxRange = -3 .*> 0 and ≤ 1000/],
    ['a value of the wrong type', ['threads=many'], /threads = "many" .*integer ≥ 0 and ≤ 64/],
    ['a value for a group', ['sensor=3'], /sensor must be a group/],
    ['a group for a value', ['seed.x=3'], /seed = \{"x":3\} .*integer/],
    ['a path through a value', ['sensor.maxRange=5', 'sensor.maxRange.x=3'], /sensor\.maxRange is a value/],
    ['an assignment without =', ['seed'], /key=value/],
    ['a value that is no YAML', ['seed=[1'], /not valid YAML/],
    ['a prototype key', ['__proto__.seed=3'], /no setting __proto__/],
    ['several wrong settings, counted', ['seed=-1', 'threads=-1'], /and 1 more/],
  ])('refuses %s', async (_name, set, message) => {
    await expect(loadConfig({ set })).rejects.toMatchObject({
      name: 'FeltmapError',
      code: 'bad-config',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it('names the file, never its directory, in what is wrong with it', async () => {
    const wrong = await file('robot.yaml', 'sensor: {maxRange: 2000}\n');
    await expect(loadConfig({ file: wrong })).rejects.toThrow(/^robot\.yaml: sensor\.maxRange = 2000/);
    const broken = await file('broken.yaml', 'a: [1,\nb: }');
    await expect(loadConfig({ file: broken })).rejects.toThrow(/^broken\.yaml is not valid YAML/);
    const list = await file('list.yaml', '- 1\n');
    await expect(loadConfig({ file: list })).rejects.toThrow(/key: value/);
    await expect(loadConfig({ file: join(dir, 'none.yaml') })).rejects.toMatchObject({ code: 'not-found' });
    for (const name of [wrong, broken]) {
      const message = await loadConfig({ file: name }).catch((error: Error) => error.message);
      expect(message).not.toContain(dir);
    }
  });
});

describe('setting by path', () => {
  it('reads values as YAML', () => {
    expect(parseAssignment('a.b=1e-3')).toEqual({ path: 'a.b', value: 1e-3 });
    expect(parseAssignment('a=true').value).toBe(true);
    expect(parseAssignment('a=[1, 2]').value).toEqual([1, 2]);
    expect(parseAssignment('a=x=y').value).toBe('x=y');
  });

  it('never touches the prototype of objects', () => {
    const target: RawConfig = {};
    setByPath(target, '__proto__.polluted', 1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    mergeConfig(JSON.parse('{"__proto__":{"polluted":1}}') as RawConfig, {});
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('merges groups and replaces values, leaving its inputs alone', () => {
    const base = { a: { x: 1, y: 2 }, b: [1, 2] };
    expect(mergeConfig(base, { a: { y: 3 }, b: [4] })).toEqual({ a: { x: 1, y: 3 }, b: [4] });
    expect(base).toEqual({ a: { x: 1, y: 2 }, b: [1, 2] });
  });
});

describe('suggestions', () => {
  it('measures edits', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('same', 'same')).toBe(0);
  });

  it('finds a key at least as near as the one with a letter dropped', () => {
    const keys = listSettings().map((setting) => setting.path);
    for (const key of keys) {
      const typo = key.slice(0, -1);
      expect(editDistance(nearestKey(typo, keys)!, typo), key).toBeLessThanOrEqual(1);
    }
  });
});

describe('the printed defaults', () => {
  it('are a file that loads back to exactly the defaults', async () => {
    const path = await file('defaults.yaml', renderDefaultsYaml());
    expect(await loadConfig({ file: path })).toEqual(configSchema.parse({}));
    const text = renderDefaultsYaml();
    expect(Object.keys(parse(text) as object)).toContain('sensor');
    for (const { path: key } of listSettings()) expect(text).toContain(`${key.split('.').pop()!}:`);
  });
});

describe('the schema', () => {
  it('describes every setting', () => {
    for (const setting of listSettings()) expect(setting.description, setting.path).not.toBe('');
  });
});
