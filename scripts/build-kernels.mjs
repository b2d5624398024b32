// Compiles the AssemblyScript kernels to dist/kernels/feltmap.wasm; skipped when nothing changed since.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const sourceFolder = 'src/kernels';
const output = 'dist/kernels/feltmap.wasm';
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(
  ...readdirSync(sourceFolder, { recursive: true }).map((name) => modified(`${sourceFolder}/${name}`)),
  modified('scripts/build-kernels.mjs'),
);
if (process.argv.includes('--force') || modified(output) < newest) {
  mkdirSync('dist/kernels', { recursive: true });
  const { error, stderr } = await asc.main([
    `${sourceFolder}/index.ts`,
    '--outFile',
    output,
    '--textFile',
    output.replace('.wasm', '.wat'),
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--enable',
    'threads',
    '--importMemory',
    '--sharedMemory',
    '--maximumMemory',
    '65536',
    '--initialMemory',
    '2',
  ]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
}
