// Mesh of a run on a simulated recording against the exact surface.
import { evaluateMesh } from '../../dist/eval/mesh.js';
import { readIndex } from './scan-folder.mjs';
import { mean } from './tables.mjs';

/** Surfaces count within this distance of the path (m). */
export const RADIUS = 12;

/** The judge of meshes made from the first `count` scans of a simulation; truth points are made once per radius. */
export class MeshJudge {
  #truth = new Map();

  constructor(simulation, folder, count) {
    const { poses, offsets } = readIndex(folder).truth;
    const at = poses[offsets.indexOf(0)].slice(0, count);
    this.path = Float32Array.from(at.flatMap((T) => [T[3], T[7], T[11]]));
    this.simulation = simulation;
    this.count = count;
  }

  /** @param seenRadius how near a beam must have ended for a piece of surface to count as seen (m) */
  score(mesh, seenRadius) {
    const point = new Float64Array(3);
    const metrics = evaluateMesh(mesh, this.#surface(seenRadius), {
      within: { path: this.path, radius: RADIUS },
      maxQueries: 300_000,
      distance: (x, y, z) => {
        point.set([x, y, z]);
        return this.simulation.distanceToSurface(point)[0];
      },
    });
    const [at5, at10] = metrics.scores; // thresholds 5 and 10 cm
    return {
      f10: at10.fscore,
      f5: at5.fscore,
      strictF10: at10.strictFscore,
      strictF5: at5.strictFscore,
      precision10: at10.strictPrecision,
      recall10: at10.recall,
      accuracy: 100 * metrics.accuracy,
      completion: 100 * metrics.completion,
      outliers: metrics.outliers,
    };
  }

  #surface(seenRadius) {
    if (!this.#truth.has(seenRadius)) {
      const scans = Array.from({ length: this.count }, (_, k) => k);
      this.#truth.set(seenRadius, this.simulation.surfacePoints({ scans, within: RADIUS, seenRadius }));
    }
    return this.#truth.get(seenRadius);
  }
}

/** Mean of each figure over runs. */
export function averageScore(scores) {
  return Object.fromEntries(Object.keys(scores[0]).map((key) => [key, mean(scores.map((s) => s[key]))]));
}

/**
 * Bytes of the saved map. Where saving writes nothing, an estimate: 2 bytes for every corner of the fine blocks (512,
 * observed or not) and 8 for every feature row.
 */
export function mapBytes({ bytes, statistics }) {
  const saved = Object.values(bytes).reduce((sum, n) => sum + n, 0);
  if (saved > 0) return { bytes: saved, estimated: false };
  return { bytes: statistics.blocks * 1024 + statistics.featureRows * 8, estimated: true };
}
