// Bundles the browser client into dist/viewer/client: plain files that need no further build and load nothing else.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: here('./public'),
  logLevel: 'warn',
  build: {
    outDir: here('../../../dist/viewer/client'),
    emptyOutDir: true,
    target: 'es2022',
    // The server's Content-Security-Policy forbids inline scripts, styles and data: images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    license: { fileName: 'licenses.txt' },
  },
});
