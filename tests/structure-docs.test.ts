import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`),
].filter(
  // The benchmarks' page is written by programs and keeps the sections of older checkouts.
  (name) => name.endsWith('.md') && name !== 'docs/benchmarks.md',
);

describe('files and folders of the code that a page names', () => {
  it.each(pages)('exist: %s', (page) => {
    const named = readFileSync(ROOT + page, 'utf8').matchAll(
      /`((?:src|tests|scripts|bench)\/[\w./-]+?)\/?`/g,
    );
    const paths = [...new Set([...named].map(([, path]) => path!))];
    if (page === 'CONTRIBUTING.md') expect(paths.length).toBeGreaterThan(25);
    expect(paths.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });
});
