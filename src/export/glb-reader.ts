import { NodeIO, type Node, type Primitive } from '@gltf-transform/core';
import { FeltmapError } from '../geometry/errors.js';
import type { Mesh } from '../mesh/mesh.js';
import { toSrgb } from './render-colors.js';

const TRIANGLES = 4;
/** 'glTF'. */
const GLTF_MAGIC = 0x46546c67;
const LARGEST_JSON = 4 * 1024 * 1024;
const MOST_NODES = 5000;

/**
 * All triangles of a binary glTF file as one mesh, turned from glTF's y-up to z-up: the inverse of encodeGlb.
 *
 * @param source named in errors
 * @throws FeltmapError bad-input when it is no GLB, damaged, compressed in a way not known here, or without triangles
 */
export async function decodeGlb(bytes: Uint8Array, source = 'GLB file'): Promise<Mesh> {
  checkHead(bytes, source);
  const parts: { primitive: Primitive; matrix: readonly number[] }[] = [];
  try {
    const document = await new NodeIO().readBinary(bytes);
    const root = document.getRoot();
    const scene = root.getDefaultScene() ?? root.listScenes()[0];
    scene?.traverse((node: Node) => {
      for (const primitive of node.getMesh()?.listPrimitives() ?? [])
        if (primitive.getMode() === TRIANGLES && primitive.getAttribute('POSITION'))
          parts.push({ primitive, matrix: node.getWorldMatrix() });
    });
    const mesh = join(parts, source);
    if (mesh.indices.length > 0) return mesh;
  } catch (cause) {
    if (cause instanceof FeltmapError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FeltmapError('bad-input', `${source} cannot be read as GLB: ${why}`, { cause });
  }
  throw new FeltmapError('bad-input', `${source} holds no triangles.`);
}

/**
 * What its JSON may hold: a parser, and a walk through a million nodes, take minutes and gigabytes.
 *
 * @throws FeltmapError bad-input
 */
function checkHead(bytes: Uint8Array, source: string): void {
  const bad = (why: string): FeltmapError =>
    new FeltmapError('bad-input', `${source} cannot be read as GLB: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || view.getUint32(0, true) !== GLTF_MAGIC)
    throw bad('it does not begin as binary glTF does.');
  const length = view.getUint32(12, true);
  if (length > LARGEST_JSON)
    throw bad(`its description has ${length} bytes, more than the ${LARGEST_JSON} that are read.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + length)));
  } catch {
    throw bad('its description is no JSON; it is damaged or cut off.');
  }
  const { asset, nodes } = (parsed ?? {}) as { asset?: unknown; nodes?: unknown };
  if (typeof asset !== 'object' || asset === null) throw bad('its description is none of glTF.');
  if (Array.isArray(nodes) && nodes.length > MOST_NODES)
    throw bad(`it has ${nodes.length} nodes, more than the ${MOST_NODES} that are read.`);
}

function join(parts: { primitive: Primitive; matrix: readonly number[] }[], source: string): Mesh {
  const count = (type: string): number =>
    parts.reduce((sum, { primitive }) => sum + (primitive.getAttribute(type)?.getCount() ?? 0), 0);
  const vertices = count('POSITION');
  const positions = new Float32Array(3 * vertices);
  // Half a mesh's normals or colours are of no use.
  const normals = count('NORMAL') === vertices ? new Float32Array(3 * vertices) : undefined;
  const colors = count('COLOR_0') === vertices ? new Uint8Array(3 * vertices) : undefined;
  const corners = parts.map(({ primitive }) =>
    (primitive.getIndices() ?? primitive.getAttribute('POSITION')!).getCount(),
  );
  const indices = new Uint32Array(corners.reduce((sum, n) => sum + n - (n % 3), 0));
  const element: number[] = [];
  let first = 0;
  let at = 0;
  parts.forEach(({ primitive, matrix }, part) => {
    const position = primitive.getAttribute('POSITION')!;
    const normal = primitive.getAttribute('NORMAL');
    const color = primitive.getAttribute('COLOR_0');
    const own = position.getCount();
    for (let i = 0; i < own; i++) {
      const to = 3 * (first + i);
      positions.set(zUp(matrix, position.getElement(i, element), 1), to);
      if (normals) normals.set(unit(zUp(matrix, normal!.getElement(i, element), 0)), to);
      if (!colors) continue;
      color!.getElement(i, element);
      // COLOR_0 is linear light (glTF 2.0, 3.9.2), colours of a mesh are sRGB.
      for (let c = 0; c < 3; c++) colors[to + c] = Math.round(255 * toSrgb(element[c]!));
    }
    const list = primitive.getIndices();
    const n = corners[part]!;
    for (let i = 0; i < n - (n % 3); i++) {
      const index = list ? list.getScalar(i) : i;
      if (index >= own)
        throw new FeltmapError(
          'bad-input',
          `${source} is damaged: a triangle names a vertex that is missing.`,
        );
      indices[at++] = first + index;
    }
    first += own;
  });
  return { positions, indices, ...(normals ? { normals } : {}), ...(colors ? { colors } : {}) };
}

/** Column-major 4×4 of the node, then x stays, y becomes z and z becomes −y. */
function zUp(m: readonly number[], v: readonly number[], w: 0 | 1): number[] {
  const [x, y, z] = [v[0]!, v[1]!, v[2]!];
  const row = (r: number): number => m[r]! * x + m[4 + r]! * y + m[8 + r]! * z + m[12 + r]! * w;
  return [row(0), -row(2), row(1)];
}

function unit(v: number[]): number[] {
  const length = Math.hypot(...v) || 1;
  return v.map((value) => value / length);
}
