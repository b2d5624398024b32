import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 400;

const sources = (readdirSync(join(ROOT, 'src'), { recursive: true }) as string[])
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => join('src', name).replaceAll('\\', '/'))
  .sort();

/** The files of `among` that a file imports, types included. */
function imports(name: string, text: string, among: ReadonlySet<string>): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => relative(ROOT, resolve(ROOT, dirname(name), fileName)).replaceAll('\\', '/'))
    .map((path) => (path.endsWith('.js') ? path.replace(/\.js$/, '.ts') : `${path}.ts`))
    .filter((path) => among.has(path));
}

/** One circle of imports in a graph, first file repeated at the end; undefined when there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    path.push(name);
    for (const next of graph.get(name) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const circle = visit(name);
    if (circle) return circle;
  }
  return undefined;
}

describe('files of src', () => {
  const text = new Map(sources.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));
  const names = new Set(sources);

  it('import each other without circles', () => {
    const graph = new Map(sources.map((name) => [name, imports(name, text.get(name)!, names)]));
    expect(graph.get('src/slam/create.ts')).toContain('src/slam/loop.ts');
    expect(graph.get('src/kernels/index.ts')).toContain('src/kernels/mesh/extract.ts');
    expect(findCircle(graph)).toBeUndefined();
  });

  it('would be caught in a circle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ]);
    expect(findCircle(graph)).toEqual(['b', 'd', 'b']);
  });

  it('have at most 400 lines', () => {
    const long = sources.filter((name) => text.get(name)!.split('\n').length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });

  it('keep the loop on one page: at most 150 lines', () => {
    expect(text.get('src/slam/pipeline.ts')!.split('\n').length - 1).toBeLessThanOrEqual(150);
  });
});

describe('import rules', () => {
  let eslint: ESLint;
  beforeAll(() => {
    eslint = new ESLint({ cwd: ROOT });
  });

  /** Rules broken by a made-up file. */
  async function broken(filePath: string, code: string): Promise<(string | null)[]> {
    const [result] = await eslint.lintText(code, { filePath: join(ROOT, filePath) });
    return result!.messages.map(({ ruleId }) => ruleId);
  }

  it.each([
    ['src/slam/made-up.ts', '../ros/node.js'],
    ['src/slam/tracking/made-up.ts', '../../host/client.js'],
    ['src/geometry/made-up.ts', '../bags/reader.js'],
    ['src/mesh/made-up.ts', '../viewer/server/scene.js'],
    ['src/eval/made-up.ts', '../cli/main.js'],
    ['src/map/made-up.ts', 'node:fs/promises'],
    ['src/compute/made-up.ts', 'node:fs'],
    ['src/sensors/camera/made-up.ts', 'node:net'],
    ['src/field/made-up.ts', 'ws'],
    ['src/sensors/camera/made-up.ts', 'sharp'],
    ['src/sensors/camera/made-up.ts', '../../images/pictures.js'],
    ['src/field/backends/wasm/made-up.ts', 'rclnodejs'],
    ['src/field/made-up.ts', './backends/wasm/field.js'],
    ['src/slam/made-up.ts', '../field/backends/webgpu/field.js'],
    ['src/mesh/made-up.ts', '../field/backends/wasm/grid.js'],
    ['src/cli/made-up.ts', '../field/backends/tfjs/field.js'],
    ['src/ros/made-up.ts', '../field/backends/wasm/grid.js'],
    ['src/compute/pool.ts', '../field/backends/wasm/grid.js'],
  ])('keep %s from importing %s', async (file, specifier) => {
    expect(await broken(file, `export { x } from '${specifier}';\n`)).toEqual(['no-restricted-imports']);
    expect(await broken(file, `import type { X } from '${specifier}';\nexport type Y = X;\n`)).toEqual([
      'no-restricted-imports',
    ]);
    expect(await broken(file, `export const x = await import('${specifier}');\n`)).toEqual([
      'no-restricted-syntax',
    ]);
  });

  it.each([
    ['src/compute/made-up.ts', 'node:worker_threads'],
    ['src/compute/pool.ts', 'node:fs/promises'],
    ['src/slam/made-up.ts', '../field/backends/select.js'],
    ['src/field/backends/select.ts', './wasm/field.js'],
    ['src/sensors/lidar/made-up.ts', '../../messages/pointcloud2.js'],
    ['src/ros/made-up.ts', '../host/client.js'],
    ['src/bags/made-up.ts', 'node:fs'],
    ['src/ros/made-up.ts', '../images/decode-message.js'],
  ])('let %s import %s', async (file, specifier) => {
    expect(await broken(file, `export { x } from '${specifier}';\n`)).toEqual([]);
    expect(await broken(file, `export const x = await import('${specifier}');\n`)).toEqual([]);
  });

  it('hold for every file: only backends and what chooses one import a backend', () => {
    const backend = /(^|\/)backends\/(wasm|webgpu|tfjs)\//;
    const offenders = sources.filter(
      (name) =>
        !name.startsWith('src/field/backends/') &&
        ts
          .preProcessFile(readFileSync(join(ROOT, name), 'utf8'), true, true)
          .importedFiles.some(({ fileName }) => backend.test(fileName)),
    );
    expect(offenders).toEqual([]);
  });

  it('hold for the kernels: unknown names are found, @inline is none', async () => {
    const file = 'src/kernels/mesh/made-up.ts';
    const good = 'export function one(at: usize): f32 {\n  return load<f32>(at);\n}\n';
    expect(await broken(file, `// @ts-ignore: decorator\n@inline\n${good}`)).toEqual([]);
    expect(await broken(file, good.replace('load', 'lode'))).toEqual(['no-undef']);
  });
});
