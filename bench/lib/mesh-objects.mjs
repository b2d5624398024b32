// Scanned objects (.obj, .ply, .stl) as objects to complete, with their signed distance.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { BufferAttribute, BufferGeometry, Vector3 } from 'three';
import { OBJLoader } from 'three/examples/jsm/loaders/OBJLoader.js';
import { PLYLoader } from 'three/examples/jsm/loaders/PLYLoader.js';
import { STLLoader } from 'three/examples/jsm/loaders/STLLoader.js';
import { MeshBVH } from 'three-mesh-bvh';

/** Inside and outside are told apart on a grid with corners this far apart (m). */
const CELL = 0.001;
/** Nearer to the surface than this the side of the nearest triangle tells: a wall may be thinner than a cell (m). */
const NEAR = 0.0012;

/** Names of the meshes below a folder, sorted. */
export function meshFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => ['.obj', '.ply', '.stl'].includes(extname(name).toLowerCase()))
    .sort()
    .map((name) => join(folder, name));
}

/** Triangles of a file, as they are (m). */
export function readMesh(file) {
  const bytes = readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const kind = extname(file).toLowerCase();
  const geometries = [];
  if (kind === '.obj')
    new OBJLoader().parse(bytes.toString()).traverse(({ geometry }) => geometry && geometries.push(geometry));
  else geometries.push(new (kind === '.ply' ? PLYLoader : STLLoader)().parse(buffer));
  const corners = geometries.flatMap((geometry) => {
    const { array } = (geometry.index ? geometry.toNonIndexed() : geometry).getAttribute('position') ?? new BufferAttribute(new Float32Array(0), 3);
    return [...array];
  }); // prettier-ignore
  return {
    positions: Float32Array.from(corners),
    indices: Uint32Array.from({ length: corners.length / 3 }, (_, i) => i),
  };
}

/**
 * A mesh as an object on the table z = 0, its middle on the z axis, turned by `yaw`: its box and its signed distance. Inside is
 * where most of three axes pass an odd number of triangles, so small holes do no harm.
 */
export function meshObject(mesh, yaw = 0) {
  const standing = stand(mesh, yaw);
  const bounds = boundsOf(standing.positions);
  const low = bounds.slice(0, 3).map((v) => v - CELL);
  const size = low.map((v, k) => Math.ceil((bounds[k + 3] + CELL - v) / CELL) + 1);
  const inside = insideOf(standing, low, size);
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(standing.positions.slice(), 3));
  geometry.setIndex(new BufferAttribute(standing.indices.slice(), 1));
  const tree = new MeshBVH(geometry);
  const [p, hit] = [new Vector3(), { point: new Vector3() }];
  const distance = (x, y, z) => {
    const { point, distance: d, faceIndex } = tree.closestPointToPoint(p.set(x, y, z), hit);
    if (d < NEAR) return behind(geometry, faceIndex, p.sub(point)) ? -d : d;
    const at = [x, y, z].map((v, k) => Math.round((v - low[k]) / CELL));
    if (at.some((v, k) => v < 0 || v >= size[k])) return d;
    return inside[(at[2] * size[1] + at[1]) * size[0] + at[0]] >= 2 ? -d : d;
  };
  return { mesh: standing, bounds, distance };
}

const [ab, ac] = [new Vector3(), new Vector3()];

/** Whether a way from a triangle leads to its inner side. */
function behind({ attributes: { position }, index }, face, way) {
  const [a, b, c] = [0, 1, 2].map((k) => index.getX(3 * face + k));
  const from = new Vector3().fromBufferAttribute(position, a);
  ab.fromBufferAttribute(position, b).sub(from);
  ac.fromBufferAttribute(position, c).sub(from);
  return ab.cross(ac).dot(way) < 0;
}

/** At every corner the number of axes along which an odd number of triangles lies below it. */
function insideOf({ positions }, low, size) {
  const count = new Uint8Array(size[0] * size[1] * size[2]);
  const stride = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    // Columns a little off the corners, or they would pass through edges of triangles that lie on the grid.
    const [du, dv] = [low[u] + 0.0137 * CELL, low[v] + 0.0071 * CELL];
    const crossings = new Map();
    for (let t = 0; t < positions.length; t += 9) {
      const p = (c, k) => positions[t + 3 * c + k];
      const us = [0, 1, 2].map((c) => (p(c, u) - du) / CELL);
      const vs = [0, 1, 2].map((c) => (p(c, v) - dv) / CELL);
      const area = (us[1] - us[0]) * (vs[2] - vs[0]) - (us[2] - us[0]) * (vs[1] - vs[0]);
      if (area === 0) continue;
      for (let a = Math.ceil(Math.min(...us)); a <= Math.max(...us); a++)
        for (let b = Math.ceil(Math.min(...vs)); b <= Math.max(...vs); b++) {
          const w1 = ((a - us[0]) * (vs[2] - vs[0]) - (us[2] - us[0]) * (b - vs[0])) / area;
          const w2 = ((us[1] - us[0]) * (b - vs[0]) - (a - us[0]) * (vs[1] - vs[0])) / area;
          if (w1 < 0 || w2 < 0 || w1 + w2 > 1) continue;
          const key = a + 4096 * b;
          const at = p(0, axis) + w1 * (p(1, axis) - p(0, axis)) + w2 * (p(2, axis) - p(0, axis));
          if (crossings.has(key)) crossings.get(key).push(at);
          else crossings.set(key, [at]);
        }
    }
    for (const [key, at] of crossings) {
      const from = (key % 4096) * stride[u] + Math.floor(key / 4096) * stride[v];
      at.sort((x, y) => x - y);
      let below = 0;
      for (let n = 0; n < size[axis]; n++) {
        while (below < at.length && at[below] < low[axis] + n * CELL) below++;
        count[from + n * stride[axis]] += below % 2;
      }
    }
  }
  return count;
}

/** Turned about z, its box's middle on the z axis, its lowest point at z = 0. */
function stand({ positions, indices }, yaw) {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  const turned = positions.slice();
  for (let i = 0; i < turned.length; i += 3) {
    turned[i] = c * positions[i] - s * positions[i + 1];
    turned[i + 1] = s * positions[i] + c * positions[i + 1];
  }
  const b = boundsOf(turned);
  const shift = [-(b[0] + b[3]) / 2, -(b[1] + b[4]) / 2, -b[2]];
  for (let i = 0; i < turned.length; i++) turned[i] += shift[i % 3];
  return { positions: turned, indices };
}

function boundsOf(positions) {
  const b = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    b[i % 3] = Math.min(b[i % 3], positions[i]);
    b[3 + (i % 3)] = Math.max(b[3 + (i % 3)], positions[i]);
  }
  return b;
}

/** Largest side of a mesh's box (m). */
export function extentOf({ positions }) {
  const b = boundsOf(positions);
  return Math.max(b[3] - b[0], b[4] - b[1], b[5] - b[2]);
}

/** Name of an object, for tables. */
export function meshName(file) {
  return basename(file, extname(file));
}
