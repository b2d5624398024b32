import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ROOT,
  asModule,
  compile,
  documented,
  readAll,
  sourceFiles,
  type Documented,
} from './example-code.js';

const texts = readAll(sourceFiles());
const all = [...texts].flatMap(([file, text]) => documented(file, text));

/** Each example as a file beside the one that it is about. */
const modules = (examples: readonly Documented[]): Map<string, string> =>
  new Map(
    examples.map((one) => [one.file.replace(/\.ts$/, `.${one.name}.example.ts`), asModule(one, texts)]),
  );

describe('examples in the docstrings', () => {
  it('stand at every exported class', () => {
    const classes = all.filter(({ isClass }) => isClass);
    expect(classes.length).toBeGreaterThan(150);
    expect(classes.filter(({ code }) => !code).map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it('use what there is, as it is typed', () => {
    expect(compile(modules(all.filter(({ code }) => code)))).toEqual([]);
  });

  it('would be caught with a wrong name, a wrong number of arguments or a wrong option', () => {
    const wrong = ['new Random(1).nextt();', 'new Random().next();', 'new Randon(1);', 'new Slots({}, 1);'];
    const examples = wrong.map((code, i): Documented => ({
      file: 'src/sensors/slots.ts',
      name: `Wrong${i}`,
      isClass: true,
      code,
    }));
    const said = compile(modules(examples)).map((text) => /Wrong\d/.exec(text)?.[0]);
    expect([...new Set(said)]).toEqual(['Wrong0', 'Wrong1', 'Wrong2', 'Wrong3']);
  });
});

describe('TypeScript in the documentation', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`)];
  const blocks = [...readAll(pages.filter((name) => name.endsWith('.md')))].flatMap(([page, text]) =>
    [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code], i) => [`${page}.${i}.ts`, code!] as [string, string],
    ),
  );

  it('compiles against the public surface', () => {
    expect(blocks.map(([name]) => name)).toContain('README.md.0.ts');
    expect(compile(new Map(blocks))).toEqual([]);
  });

  it('would be caught with a name that the library does not export', () => {
    const [, readme] = blocks.find(([name]) => name === 'README.md.0.ts')!;
    const wrong = compile(new Map([['README.md.ts', readme.replaceAll('createSlam', 'makeSlam')]]));
    expect(wrong.join()).toContain('makeSlam');
  });
});
