/** Cells of the grid over triangles, in units of the distance asked for. */
const CELLS = 1.5;

/** Answers whether a point lies within a distance of a mesh, exactly. */
export class NearMesh {
  #mesh;
  #limit;
  #side;
  #cells = new Map();

  /**
   * @param {{ positions: Float32Array, indices: Uint32Array }} mesh metres
   * @param {number} limit the distance (m)
   */
  constructor(mesh, limit) {
    this.#mesh = mesh;
    this.#limit = limit;
    this.#side = CELLS * limit;
    const { positions, indices } = mesh;
    for (let t = 0; t < indices.length; t += 3) {
      const low = [Infinity, Infinity, Infinity];
      const high = [-Infinity, -Infinity, -Infinity];
      for (let k = 0; k < 3; k++)
        for (let axis = 0; axis < 3; axis++) {
          const v = positions[3 * indices[t + k] + axis];
          low[axis] = Math.min(low[axis], v);
          high[axis] = Math.max(high[axis], v);
        }
      const from = low.map((v) => this.#cell(v - limit));
      const to = high.map((v) => this.#cell(v + limit));
      for (let i = from[0]; i <= to[0]; i++)
        for (let j = from[1]; j <= to[1]; j++)
          for (let k = from[2]; k <= to[2]; k++) {
            const key = keyOf(i, j, k);
            const list = this.#cells.get(key);
            if (list) list.push(t);
            else this.#cells.set(key, [t]);
          }
    }
  }

  has(x, y, z) {
    const list = this.#cells.get(keyOf(this.#cell(x), this.#cell(y), this.#cell(z)));
    if (!list) return false;
    const { positions, indices } = this.#mesh;
    const limit2 = this.#limit ** 2;
    for (const t of list)
      if (
        squaredDistance(x, y, z, positions, 3 * indices[t], 3 * indices[t + 1], 3 * indices[t + 2]) <= limit2
      )
        return true;
    return false;
  }

  #cell(v) {
    return Math.floor(v / this.#side);
  }
}

function keyOf(i, j, k) {
  return ((i + 65536) * 131072 + (j + 65536)) * 4096 + (k + 2048);
}

/** Squared distance of a point from the triangle of three vertices: its face where the foot is inside, else the nearest edge. */
export function squaredDistance(x, y, z, P, a, b, c) {
  const [ax, ay, az] = [P[a] - x, P[a + 1] - y, P[a + 2] - z];
  const [bx, by, bz] = [P[b] - x, P[b + 1] - y, P[b + 2] - z];
  const [cx, cy, cz] = [P[c] - x, P[c + 1] - y, P[c + 2] - z];
  const [ux, uy, uz] = [bx - ax, by - ay, bz - az];
  const [vx, vy, vz] = [cx - ax, cy - ay, cz - az];
  const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const n2 = nx * nx + ny * ny + nz * nz;
  if (n2 > 0) {
    // The foot is inside where it lies on the inner side of all edges.
    const inside = (px, py, pz, qx, qy, qz) =>
      nx * (py * qz - pz * qy) + ny * (pz * qx - px * qz) + nz * (px * qy - py * qx) >= 0;
    if (inside(ax, ay, az, bx, by, bz) && inside(bx, by, bz, cx, cy, cz) && inside(cx, cy, cz, ax, ay, az)) {
      const h = ax * nx + ay * ny + az * nz;
      return (h * h) / n2;
    }
  }
  return Math.min(
    toEdge(ax, ay, az, bx, by, bz),
    toEdge(bx, by, bz, cx, cy, cz),
    toEdge(cx, cy, cz, ax, ay, az),
  );
}

/** Squared distance of the origin from a piece of a line. */
function toEdge(px, py, pz, qx, qy, qz) {
  const [dx, dy, dz] = [qx - px, qy - py, qz - pz];
  const d2 = dx * dx + dy * dy + dz * dz;
  const s = d2 > 0 ? Math.min(1, Math.max(0, -(px * dx + py * dy + pz * dz) / d2)) : 0;
  const [x, y, z] = [px + s * dx, py + s * dy, pz + s * dz];
  return x * x + y * y + z * z;
}
