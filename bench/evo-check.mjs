// Our figures for bench/evo-check.py: node bench/evo-check.mjs ESTIMATE.tum TRUTH.tum DELTA LENGTHS STEP
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const dist = resolve(process.env.FELTMAP_DIST ?? 'dist');
const load = (path) => import(pathToFileURL(resolve(dist, path)).href);
const { parseTum } = await load('export/tum.js');
const { associate } = await load('eval/associate.js');
const { absoluteError } = await load('eval/trajectory.js');
const { relativeError } = await load('eval/relative.js');
const { drift } = await load('eval/drift.js');

const [estimatePath, truthPath, delta, lengths, step] = process.argv.slice(2);
const read = (path) => parseTum(readFileSync(path, 'utf8'), path);
const { estimate, truth } = associate(read(estimatePath), read(truthPath), { method: 'nearest' });
const aligned = absoluteError(estimate, truth, 'se3');
const raw = absoluteError(estimate, truth, 'none');
const frames = relativeError(estimate, truth);
const metres = relativeError(estimate, truth, { delta: Number(delta), unit: 'metres', pairs: 'consecutive' });
const kitti = drift(estimate, truth, { lengths: lengths.split(',').map(Number), step: Number(step) });
const named = (prefix, s) =>
  Object.fromEntries(Object.entries(s).map(([name, value]) => [`${prefix} ${name}`, value]));
const figures = {
  ...named('ATE aligned (m)', aligned.translation),
  ...named('ATE aligned (deg)', aligned.rotationDeg),
  ...named('ATE unaligned (m)', raw.translation),
  ...named('RPE 1 frame (m)', frames.translation),
  ...named('RPE 1 frame (deg)', frames.rotationDeg),
  ...named(`RPE ${delta} m (m)`, metres.translation),
  ...named(`RPE ${delta} m (deg)`, metres.rotationDeg),
  'KITTI segments': kitti.count,
  'KITTI translation (%)': kitti.translationPercent,
  'KITTI rotation (deg/100 m)': kitti.rotationDegPer100m,
};
process.stdout.write(JSON.stringify(figures));
