import type { Mesh } from './mesh.js';

// Dark blue over teal and yellow-green to white: gets lighter all the way, so it also reads in grey.
const RAMP = [
  [28, 32, 92],
  [24, 92, 132],
  [38, 148, 122],
  [140, 192, 84],
  [244, 216, 110],
  [255, 250, 235],
] as const;

/**
 * Vertex colours by height.
 *
 * @param range lowest and highest z of the ramp, metres; without it the mesh's own 1st and 99th percentile
 * @returns 3·V, 0…255
 */
export function colorByHeight(mesh: Mesh, range?: readonly [number, number]): Uint8Array {
  const vertices = mesh.positions.length / 3;
  const [low, high] = range ?? heightRange(mesh.positions);
  const colors = new Uint8Array(3 * vertices);
  for (let i = 0; i < vertices; i++) {
    const color = heightRamp(mesh.positions[3 * i + 2]!, low, high);
    for (let c = 0; c < 3; c++) colors[3 * i + c] = Math.round(color[c]!);
  }
  return colors;
}

/** Colour of a height on the ramp from `low` to `high` metres: r g b, 0…255. */
export function heightRamp(z: number, low: number, high: number): [number, number, number] {
  const scale = high > low ? (RAMP.length - 1) / (high - low) : 0;
  const at = Math.min(RAMP.length - 1, Math.max(0, (z - low) * scale));
  const stop = Math.min(RAMP.length - 2, Math.floor(at));
  const [from, to] = [RAMP[stop]!, RAMP[stop + 1]!];
  const share = at - stop;
  return [
    from[0] + share * (to[0] - from[0]),
    from[1] + share * (to[1] - from[1]),
    from[2] + share * (to[2] - from[2]),
  ];
}

/** Vertex colours by normal: x, y, z from −1…1 to red, green, blue. Grey where the mesh has no normals. */
export function colorByNormal(mesh: Mesh): Uint8Array {
  const colors = new Uint8Array(mesh.positions.length).fill(128);
  const { normals } = mesh;
  if (normals) for (let i = 0; i < colors.length; i++) colors[i] = Math.round(127.5 * (normals[i]! + 1));
  return colors;
}

function heightRange(positions: Float32Array): [number, number] {
  const heights = new Float32Array(positions.length / 3);
  for (let i = 0; i < heights.length; i++) heights[i] = positions[3 * i + 2]!;
  heights.sort();
  const last = heights.length - 1;
  return [heights[Math.floor(0.01 * last)] ?? 0, heights[Math.ceil(0.99 * last)] ?? 0];
}
