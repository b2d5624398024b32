// Objects to complete, with their true surface, and touches of them.
import { KdTree } from '../../dist/eval/kdtree.js';
import { sampleMesh, thin } from '../../dist/eval/sampling.js';
import { gatherEvidence } from '../../dist/completion/evidence.js';
import { Random } from '../../dist/geometry/random.js';
import { makeObject, TRAINED_FAMILIES, UNSEEN_FAMILIES } from '../../dist/sim/objects/object.js';
import { objectMesh } from '../../dist/sim/objects/object-mesh.js';
import {
  BEFORE,
  BEHIND,
  feel,
  HALF,
  misplaced,
  normalAt,
  onSurface,
  press,
  reachable,
  spread,
} from './touching.mjs';
import { extentOf, meshFiles, meshName, meshObject, readMesh } from './mesh-objects.mjs';

/** Distance between samples of the true surface and of meshes (m). */
const SPACING = 0.0025;
/** Distance between places where a touch may begin (m). */
const PLACES = 0.006;

/** What a gel feels begins so far behind where it went (m). */
const SHORT = 0.001;

/** Objects of every family, or of those named: `each` of them, with seeds that start with `label`. */
export function* completionCases(label, each, families = [...TRAINED_FAMILIES, ...UNSEEN_FAMILIES]) {
  for (const family of families) for (let i = 0; i < each; i++) yield completionCase(family, `${label} ${i}`);
}

export function completionCase(family, seed) {
  const random = new Random(`case ${family} ${seed}`);
  const object = makeObject(family, seed, { yaw: 2 * Math.PI * random.next() });
  const known = TRAINED_FAMILIES.includes(family);
  return testCase({ family, seed, known }, object, objectMesh(object, 0.004));
}

/** Extents of objects that a hand could hold, and that the prior was made for (m). */
const HAND = [0.055, 0.2];

/** Scanned objects of a folder (.obj, .ply, .stl), as large as a hand could hold: standing as in their file, z up, turned at random. */
export function* scannedCases(folder) {
  for (const file of meshFiles(folder)) {
    const family = meshName(file);
    const mesh = readMesh(file);
    const extent = extentOf(mesh);
    if (extent < HAND[0] || extent > HAND[1]) {
      console.log(`${family}: ${(1000 * extent).toFixed(0)} mm, left out`);
      continue;
    }
    const object = meshObject(mesh, 2 * Math.PI * new Random(`scan ${family}`).next());
    yield testCase({ family, seed: 'scan', known: true }, object, object.mesh);
  }
}

function testCase(names, object, mesh) {
  const distance = (x, y, z) => object.distance(x, y, z);
  const truth = sampleMesh(mesh, SPACING);
  const places = onSurface(distance, thin(truth, PLACES));
  const open = [];
  for (let i = 0; i < places.points.length; i += 3)
    if (reachable(distance, places.points.subarray(i, i + 3), places.normals.subarray(i, i + 3)))
      open.push(i / 3);
  const points = Float32Array.from(open.flatMap((i) => [...places.points.subarray(3 * i, 3 * i + 3)]));
  const normals = Float32Array.from(open.flatMap((i) => [...places.normals.subarray(3 * i, 3 * i + 3)]));
  return {
    ...names, object, distance, truth, tree: new KdTree(truth), places: { points, normals },
  }; // prettier-ignore
}

/** Places of `count` touches: spread over what can be reached, on a grid of directions from the object's middle, or at random. */
export function touchPlaces(test, count, how) {
  const random = new Random(`places ${test.family} ${test.seed} ${how}`);
  const n = test.places.points.length / 3;
  if (how === 'spread') return spread(test.places.points, count, random.int(n));
  if (how === 'grid') return gridPlaces(test, count, 2 * Math.PI * random.next());
  return Array.from({ length: count }, () => random.int(n));
}

/** For each of `count` even directions of the upper half (a Fibonacci lattice), the place that lies nearest to it. */
function gridPlaces({ places: { points }, object: { bounds } }, count, turn) {
  const middle = [0, 1, 2].map((k) => (bounds[k] + bounds[k + 3]) / 2);
  return Array.from({ length: count }, (_, i) => {
    const up = -0.3 + (1.3 * (i + 0.5)) / count;
    const azimuth = turn + Math.PI * (3 - Math.sqrt(5)) * i;
    const flat = Math.sqrt(1 - up * up);
    const way = [flat * Math.cos(azimuth), flat * Math.sin(azimuth), up];
    let [best, most] = [0, -Infinity];
    for (let p = 0; p < points.length / 3; p++) {
      const d = [0, 1, 2].map((k) => points[3 * p + k] - middle[k]);
      const cosine = d.reduce((s, v, k) => s + v * way[k], 0) / (Math.hypot(...d) + 1e-9);
      if (cosine > most) [best, most] = [p, cosine];
    }
    return best;
  });
}

/**
 * One touch at a point of the surface. Shifted by 0.5 mm per axis; with `noise`, by 2 mm per axis and turned by 1°.
 * @returns points and normals (3·N), or undefined where the gel misses
 */
export function touchAt(test, p, n, noise, random) {
  const felt = feel(test.distance, p, n, Math.PI * random.next());
  if (felt.points.length === 0) return undefined;
  return misplaced(felt, p, noise ? 0.002 : 0.0005, noise ? Math.PI / 180 : 0, random);
}

/**
 * A gel moved towards a target: where it meets the object it is pressed along the surface's normal, as the other touches
 * are; the way that it went without meeting anything.
 */
export function pressAt(test, target, way, random) {
  const hit = press(test.distance, target, way, Math.PI * random.next());
  const touch = hit && touchAt(test, hit.at, normalAt(test.distance, ...hit.at), false, random);
  const along = (t) => target.map((v, k) => v + t * way[k]);
  const sweep = { from: along(-BEFORE), to: along(touch ? hit.along - SHORT : BEHIND), clearance: HALF[1] };
  return { touch, sweep };
}

export function touchesOf(test, places, noise = false) {
  const random = new Random(`touches ${test.family} ${test.seed} ${noise}`);
  const { points, normals } = test.places;
  return places
    .map((i) =>
      touchAt(test, points.subarray(3 * i, 3 * i + 3), normals.subarray(3 * i, 3 * i + 3), noise, random),
    )
    .filter((touch) => touch);
}

/** Touches as evidence of the completion. */
export function evidenceOf(touches, sigma = 0.0005) {
  return gatherEvidence(touches.map(({ points, normals }) => ({ points, normals, sigma, touched: true })));
}

/** F-score within 5 mm over the whole surface, and Chamfer distance (m). */
export function score(test, mesh) {
  if (mesh.indices.length === 0) return { f: 0, chamfer: 0.05 };
  const samples = sampleMesh(mesh, SPACING);
  const [precision, there] = within(samples, test.tree);
  const [recall, back] = within(test.truth, new KdTree(samples));
  return {
    f: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
    chamfer: (there + back) / 2,
  };
}

function within(points, tree) {
  let [near, sum] = [0, 0];
  for (let i = 0; i < points.length; i += 3) {
    const d = tree.distance(points[i], points[i + 1], points[i + 2], 0.1);
    if (d < 0.005) near++;
    sum += d;
  }
  const n = points.length / 3;
  return [near / n, sum / n];
}
