// Kinds of evidence that completions are measured with.
import { gatherEvidence } from '../../dist/completion/evidence.js';
import { emptySpace } from '../../dist/completion/free-space.js';
import { Random } from '../../dist/geometry/random.js';
import { evidenceOf, touchesOf, touchPlaces } from './completion-cases.mjs';
import { seenDistances, viewOf } from './touching.mjs';

/** How far around what is known a camera's free space counts (m). */
const AROUND = 0.03;
/** Standard deviations of points (m). */
const [SEEN, FELT] = [0.002, 0.0005];

/** `count` touches, spread or at random, exact or with 2 mm and 1° left in each. */
export function touchEvidence(test, count, how = 'spread', noise = false) {
  return evidenceOf(touchesOf(test, touchPlaces(test, count, how), noise));
}

/** One view of a depth camera with `touches` spread ones, and the free space that it shows. */
export function viewEvidence(test, touches = 0) {
  const label = `view ${test.family} ${test.seed}`;
  const seen = { ...viewOf(test, new Random(label)), sigma: SEEN, touched: false };
  const felt = touches > 0 ? touchesOf(test, touchPlaces(test, touches, 'spread')) : [];
  const parts = felt.map(({ points, normals }) => ({ points, normals, sigma: FELT, touched: true }));
  const gathered = gatherEvidence([seen, ...parts]);
  const free = emptySpace(around(gathered.points), { sigma: SEEN }, (points) =>
    seenDistances(test, new Random(label), points),
  );
  return { ...gathered, free };
}

/** Box of points, widened, down to the table. */
function around(points) {
  const box = [Infinity, Infinity, 0, -Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    if (i % 3 < 2) box[i % 3] = Math.min(box[i % 3], points[i] - AROUND);
    box[3 + (i % 3)] = Math.max(box[3 + (i % 3)], points[i] + AROUND);
  }
  return box;
}
