import { sampleMesh } from '../eval/sampling.js';
import type { Random } from '../geometry/random.js';
import { compose, transformPoint, type Pose } from '../geometry/se3.js';
import { objectMesh } from './objects/object-mesh.js';
import { withNormal } from './objects/object.js';
import type { HalfSpace, Primitive } from './primitives.js';

/** Receives a surface point and the outward normal there. */
export type SampleVisitor = (x: number, y: number, z: number, nx: number, ny: number, nz: number) => void;

/** Whether anything within `radius` of the point is to be sampled: lets whole tiles be left out. */
export type TileFilter = (x: number, y: number, z: number, radius: number) => boolean;

/** A surface patch with an area-preserving chart: writes point and normal (6) for u ∈ [0, width), v ∈ [0, height). */
interface Patch {
  readonly width: number;
  readonly height: number;
  /** Returns whether (u, v) lies on the patch at all. */
  chart(u: number, v: number, out: Float64Array): boolean;
}

const TILE = 1;

/**
 * Visits points spread uniformly by area over a primitive's whole surface, 1 / spacing² per square metre: a grid in
 * each face's area-preserving chart, jittered within its cells.
 */
export function sampleSurface(
  p: Primitive,
  spacing: number,
  random: Random,
  wanted: TileFilter,
  visit: SampleVisitor,
): void {
  if (p.kind === 'solid') {
    sampleSolid(p, spacing, random, visit);
    return;
  }
  for (const patch of patches(p)) samplePatch(p.pose, patch, spacing, random, wanted, visit);
}

/** Points on the triangles of a marched solid; of its size there is no tile to leave out. */
function sampleSolid(
  p: Primitive & { readonly kind: 'solid' },
  spacing: number,
  random: Random,
  visit: SampleVisitor,
): void {
  const { solid, pose: T } = p;
  const solved = withNormal(solid);
  const points = sampleMesh(objectMesh(solved), spacing, 1 + random.int(1e9));
  const n = new Float64Array(3);
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i]!, points[i + 1]!, points[i + 2]!];
    solved.normal(x, y, z, n);
    visit(
      ...transformPoint(T, x, y, z),
      T[0]! * n[0]! + T[1]! * n[1]! + T[2]! * n[2]!,
      T[4]! * n[0]! + T[5]! * n[1]! + T[6]! * n[2]!,
      T[8]! * n[0]! + T[9]! * n[1]! + T[10]! * n[2]!,
    );
  }
}

/** As {@link sampleSurface}, for the square of half size `reach` about the point of a half space nearest `centre`. */
export function sampleHalfSpace(
  plane: HalfSpace,
  centre: readonly [number, number, number],
  reach: number,
  spacing: number,
  random: Random,
  wanted: TileFilter,
  visit: SampleVisitor,
): void {
  const [nx, ny, nz] = plane.normal;
  const off = nx * centre[0] + ny * centre[1] + nz * centre[2] - plane.offset;
  // Any tangent will do: the axis least along the normal, made orthogonal to it.
  const axis = Math.abs(nx) < 0.6 ? [1, 0, 0] : [0, 1, 0];
  const dot = axis[0]! * nx + axis[1]! * ny;
  const t = [axis[0]! - dot * nx, axis[1]! - dot * ny, -dot * nz];
  const m = Math.hypot(t[0]!, t[1]!, t[2]!);
  const [tx, ty, tz] = [t[0]! / m, t[1]! / m, t[2]! / m];
  const pose = Float64Array.of(
    tx, ny * tz - nz * ty, nx, centre[0] - off * nx,
    ty, nz * tx - nx * tz, ny, centre[1] - off * ny,
    tz, nx * ty - ny * tx, nz, centre[2] - off * nz,
  ); // prettier-ignore
  samplePatch(pose, flat(2 * reach, 2 * reach), spacing, random, wanted, visit);
}

function samplePatch(
  pose: Pose,
  patch: Patch,
  spacing: number,
  random: Random,
  wanted: TileFilter,
  visit: SampleVisitor,
): void {
  const at = new Float64Array(6);
  const step = Math.max(1, Math.round(TILE / spacing)); // cells per tile
  const columns = Math.ceil(patch.width / spacing);
  const rows = Math.ceil(patch.height / spacing);
  const R = pose;
  for (let i0 = 0; i0 < columns; i0 += step) {
    for (let j0 = 0; j0 < rows; j0 += step) {
      const [i1, j1] = [Math.min(i0 + step, columns), Math.min(j0 + step, rows)];
      patch.chart(((i0 + i1) / 2) * spacing, ((j0 + j1) / 2) * spacing, at);
      const [x, y, z] = transformPoint(pose, at[0]!, at[1]!, at[2]!);
      if (!wanted(x, y, z, Math.hypot(i1 - i0, j1 - j0) * spacing)) continue;
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) {
          const u = (i + random.next()) * spacing;
          const v = (j + random.next()) * spacing;
          if (u >= patch.width || v >= patch.height || !patch.chart(u, v, at)) continue;
          const px = at[0]!, py = at[1]!, pz = at[2]!; // prettier-ignore
          const nx = at[3]!, ny = at[4]!, nz = at[5]!; // prettier-ignore
          visit(
            R[0]! * px + R[1]! * py + R[2]! * pz + R[3]!,
            R[4]! * px + R[5]! * py + R[6]! * pz + R[7]!,
            R[8]! * px + R[9]! * py + R[10]! * pz + R[11]!,
            R[0]! * nx + R[1]! * ny + R[2]! * nz,
            R[4]! * nx + R[5]! * ny + R[6]! * nz,
            R[8]! * nx + R[9]! * ny + R[10]! * nz,
          );
        }
      }
    }
  }
}

function patches(p: Primitive): Patch[] {
  if (p.kind === 'sphere') return [sphere(p.radius)];
  if (p.kind === 'cylinder') {
    const { radius: r, halfHeight: h } = p;
    const cap = flat(2 * r, 2 * r, (u, v) => u * u + v * v <= r * r);
    return [tube(r, h), moved(cap, UP, [0, 0, h]), moved(cap, DOWN, [0, 0, -h])];
  }
  const [a, b, c] = p.half;
  const bottom = moved(flat(2 * a, 2 * b), DOWN, [0, 0, -c]);
  const right = moved(flat(2 * b, 2 * c), RIGHT, [a, 0, 0]);
  if (p.kind === 'box') {
    return [
      moved(flat(2 * a, 2 * b), UP, [0, 0, c]),
      bottom,
      right,
      moved(flat(2 * b, 2 * c), LEFT, [-a, 0, 0]),
      moved(flat(2 * a, 2 * c), FAR, [0, b, 0]),
      moved(flat(2 * a, 2 * c), NEAR, [0, -b, 0]),
    ];
  }
  const length = Math.hypot(a, c);
  // Turned about y so that x runs up the slope.
  const slope = Float64Array.of(a / length, 0, -c / length, 0, 0, 1, 0, 0, c / length, 0, a / length, 0);
  return [
    bottom,
    right,
    moved(flat(2 * length, 2 * b), slope, [0, 0, 0]),
    // Both end faces have x = ∓u and z = v in their charts; below the diagonal is solid.
    moved(
      flat(2 * a, 2 * c, (u, v) => a * v <= c * -u),
      FAR,
      [0, b, 0],
    ),
    moved(
      flat(2 * a, 2 * c, (u, v) => a * v <= c * u),
      NEAR,
      [0, -b, 0],
    ),
  ];
}

// Frames whose z axis is a face's outward normal (rows of a pose, without translation).
const UP = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
const DOWN = Float64Array.of(1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0);
const RIGHT = Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0);
const LEFT = Float64Array.of(0, 0, -1, 0, -1, 0, 0, 0, 0, 1, 0, 0);
const FAR = Float64Array.of(-1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
const NEAR = Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0);

/** A rectangle about the origin of the plane z = 0, facing +z. */
function flat(width: number, height: number, keep?: (u: number, v: number) => boolean): Patch {
  return {
    width,
    height,
    chart(u, v, out) {
      const x = u - width / 2;
      const y = v - height / 2;
      out[0] = x;
      out[1] = y;
      out[2] = out[3] = out[4] = 0;
      out[5] = 1;
      return keep ? keep(x, y) : true;
    },
  };
}

function moved(patch: Patch, rotation: Pose, to: readonly [number, number, number]): Patch {
  const T = compose(Float64Array.of(1, 0, 0, to[0], 0, 1, 0, to[1], 0, 0, 1, to[2]), rotation);
  const raw = new Float64Array(6);
  return {
    width: patch.width,
    height: patch.height,
    chart(u, v, out) {
      const keep = patch.chart(u, v, raw);
      for (let k = 0; k < 3; k++) {
        const a = T[4 * k]!;
        const b = T[4 * k + 1]!;
        const c = T[4 * k + 2]!;
        out[k] = a * raw[0]! + b * raw[1]! + c * raw[2]! + T[4 * k + 3]!;
        out[k + 3] = a * raw[3]! + b * raw[4]! + c * raw[5]!;
      }
      return keep;
    },
  };
}

/** Side of a cylinder, unrolled. */
function tube(r: number, h: number): Patch {
  return {
    width: 2 * Math.PI * r,
    height: 2 * h,
    chart(u, v, out) {
      out[3] = Math.cos(u / r);
      out[4] = Math.sin(u / r);
      out[5] = 0;
      out[0] = r * out[3];
      out[1] = r * out[4];
      out[2] = v - h;
      return true;
    },
  };
}

/** A sphere by Archimedes' chart: equal heights have equal areas. */
function sphere(r: number): Patch {
  return {
    width: 2 * Math.PI * r,
    height: 2 * r,
    chart(u, v, out) {
      const nz = Math.min(1, Math.max(-1, v / r - 1));
      const c = Math.sqrt(1 - nz * nz);
      out[3] = c * Math.cos(u / r);
      out[4] = c * Math.sin(u / r);
      out[5] = nz;
      out[0] = r * out[3];
      out[1] = r * out[4];
      out[2] = r * nz;
      return true;
    },
  };
}
