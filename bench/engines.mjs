// Samples per second of each operation on each engine of this machine: npm run bench:engines
import { engineTable, pairedRatio } from './lib/engines.mjs';
import { benchOptions } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { withAnyAdapter } from './lib/software-adapter.mjs';
import { fixed, markdownTable, quantile } from './lib/tables.mjs';

await withAnyAdapter();
const options = benchOptions();
const { rows, skipped } = await engineTable({ seconds: 2, threads: 1 });

// The fused kernels against tfjs' wasm backend on one thread each, in turn so that both see the same machine.
const ratios = await pairedRatio('tfjs-wasm', options.rounds + 2);
const body = [
  'One thread. A call takes 8192 samples, 4000 registered points or 8192 queries; fewer, as noted, where a step would take more than half a second.',
  markdownTable(['engine', 'device', 'fit, samples/s', 'register, points/s', 'query, points/s'], rows),
  ...(skipped.length ? [`Not usable here: ${skipped.join('; ')}.`] : []),
  `\`fit\` of engine wasm over that of tfjs-wasm, both on one thread and on the same batch: ${fixed(quantile(ratios, 0.5), 1)} × (median of ${ratios.length} pairs, ${fixed(Math.min(...ratios), 1)}–${fixed(Math.max(...ratios), 1)}).`,
].join('\n\n');
publish('engines', 'npm run bench:engines', body, options.write);
process.exit();
