// Ways from touches to a surface, all with the table at z = 0 known.
import { completeShape } from '../../dist/completion/complete.js';
import { CompletionMesher, moveMesh } from '../../dist/completion/completion-mesh.js';
import { transformEvidence } from '../../dist/completion/evidence.js';
import { objectFrame } from '../../dist/completion/object-frame.js';
import { inverse } from '../../dist/geometry/se3.js';
import { BlockMesher } from '../../dist/mesh/mesher.js';
import { weldBlocks } from '../../dist/mesh/weld.js';
import { hull, implicitSurface, poisson, sphere } from './surfaces.mjs';

export const TABLE = { normal: [0, 0, 1], offset: 0 };
/** Standard deviation of an unknown offset along the normal, for touches that are 2 mm and 1° off. */
export const NOISY = { touchOffset: 0.002 };
const CELL = 0.0065;
const MARGIN = 0.012;

/** Processor time of this process so far (ms): other work on the machine counts less in it than in the time that passes. */
export function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Our completion of evidence in the map's frame: shape, mesh (map frame), and milliseconds of processor time of each part. */
export class Completer {
  #mesher;

  constructor(prior, pool) {
    this.prior = prior;
    this.#mesher = new CompletionMesher(pool, prior.grid);
  }

  complete(evidence, options = {}) {
    const T = objectFrame(evidence.points, TABLE);
    const began = processorMs();
    const shape = completeShape(this.prior, transformEvidence(inverse(T), evidence), options);
    const solved = processorMs();
    const local = this.#mesher.surface(shape);
    const meshed = processorMs();
    return { T, shape, local, mesh: moveMesh(local, T), solve: solved - began, surface: meshed - solved };
  }
}

/** What it is compared with: meshes by name. Surfaces are extracted in the true box and 12 mm more, on a 6.5 mm grid. */
export class Others {
  #mesher;

  constructor(pool) {
    this.#mesher = new BlockMesher(pool, { slots: 64, cellSize: CELL });
  }

  sphere(test, touches) {
    return this.#extract(test, sphere(allPoints(touches)));
  }
  hull(_test, touches) {
    return hull(allPoints(touches));
  }
  Poisson(test, touches) {
    const [low, high] = [test.object.bounds.slice(0, 3), test.object.bounds.slice(3)];
    return this.#extract(test, poisson(allPoints(touches), allNormals(touches), low, high));
  }
  GPIS(test, touches) {
    const thin = touches.map(thinned);
    return this.#extract(test, implicitSurface(allPoints(thin), allNormals(thin)));
  }

  #extract({ object: { bounds } }, value) {
    const block = 8 * CELL;
    const range = (k) => [
      Math.floor((bounds[k] - MARGIN) / block),
      Math.ceil((bounds[k + 3] + MARGIN) / block),
    ];
    const [[x0, x1], [y0, y1], [z0, z1]] = [range(0), range(1), range(2)];
    const coords = [];
    for (let z = z0; z < z1; z++)
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) coords.push(x, y, z, 0);
    const inside = (p) => p.every((v, k) => v >= bounds[k] - MARGIN && v <= bounds[k + 3] + MARGIN);
    this.#mesher.store.clear();
    this.#mesher.remesh(Int32Array.from(coords), (batch, n) => {
      for (let slot = 0; slot < n; slot++) {
        const values = this.#mesher.values(slot);
        for (let c = 0; c < 729; c++) {
          const corner = [c % 9, Math.floor(c / 9) % 9, Math.floor(c / 81)];
          const p = corner.map((v, k) => (8 * batch[4 * slot + k] + v) * CELL);
          values[c] = inside(p) ? Math.max(value(...p), 0.0003 - p[2]) : CELL;
        }
      }
    });
    return weldBlocks(this.#mesher.store);
  }
}

function allPoints(touches) {
  return Float32Array.from(touches.flatMap(({ points }) => [...points]));
}

function allNormals(touches) {
  return Float32Array.from(touches.flatMap(({ normals }) => [...normals]));
}

/** Every fifth point: what a dense Gaussian process can bear. */
function thinned({ points, normals }) {
  const keep = (_, i) => Math.floor(i / 3) % 5 === 0;
  return { points: points.filter(keep), normals: normals.filter(keep) };
}
