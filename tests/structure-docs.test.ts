import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const names = ['README.md', 'CONTRIBUTING.md', ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`)];
const pages = names.filter((name) => name.endsWith('.md'));
const sources = readdirSync(`${ROOT}src`).join('|');
/** A path from the root, or a source file from `src`, wherever in a line of code it stands; not part of a longer path. */
const PATH = new RegExp(
  `(?<![\\w./~-])((?:src/(?:${sources})|tests|scripts|bench)/[\\w./-]*\\w|(?:${sources})/[\\w./-]+\\.ts)`,
  'g',
);

/** Paths that a page names in inline code and in code blocks. */
function named(page: string): string[] {
  const code = page.matchAll(/```[\s\S]*?```|`[^`\n]+`/g);
  return [...new Set([...code].flatMap(([span]) => [...span.matchAll(PATH)].map(([, path]) => path!)))];
}

const exists = (path: string): boolean => existsSync(ROOT + path) || existsSync(`${ROOT}src/${path}`);

describe('files and folders of the code that a page names', () => {
  it.each(pages)('exist: %s', (page) => {
    const paths = named(readFileSync(ROOT + page, 'utf8'));
    if (page === 'CONTRIBUTING.md') expect(paths.length).toBeGreaterThan(25);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it('would be missed in a command and without the folder src, too', () => {
    const paths = named('`npx vitest run tests/field/gone` and `kernels/gone.ts`, not `~/ws/src/feltmap`');
    expect(paths).toEqual(['tests/field/gone', 'kernels/gone.ts']);
    expect(paths.some(exists)).toBe(false);
  });
});
