import { BufferAttribute, BufferGeometry, Mesh, MeshStandardMaterial, Vector3 } from 'three';
import { GLTFExporter } from 'three/addons/exporters/GLTFExporter.js';
import type { BlockGroups } from '../scene/block-groups.js';

/** sRGB bytes as linear light of 16 bits, which glTF's COLOR_0 is. */
const LINEAR = Uint16Array.from({ length: 256 }, (_, s) => {
  const c = s / 255;
  return Math.round(65535 * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
});

/**
 * The surface on the screen as binary glTF, turned to glTF's y-up. For servers that offer no file of their own, or
 * that are gone; positions are 1/65535 of a group's side (millimetres for LiDAR) exact.
 */
export async function meshFile(groups: BlockGroups): Promise<Blob> {
  let vertices = 0;
  let indices = 0;
  for (const { baked } of groups.parts()) {
    vertices += baked.vertices;
    indices += baked.indices;
  }
  const positions = new Float32Array(3 * vertices);
  const normals = new Float32Array(3 * vertices);
  const colors = groups.hasColours ? new Uint16Array(4 * vertices).fill(65535) : undefined;
  const index = new Uint32Array(indices);
  const p = new Vector3();
  let v = 0;
  let i = 0;
  for (const { baked, matrix } of groups.parts()) {
    for (let k = 0; k < baked.indices; k++) index[i + k] = baked.index[k]! + v;
    i += baked.indices;
    for (let k = 0; k < 4 * baked.vertices; k += 4, v++) {
      p.set(baked.position[k]!, baked.position[k + 1]!, baked.position[k + 2]!).applyMatrix4(matrix);
      p.toArray(positions, 3 * v);
      p.set(baked.normal[k]!, baked.normal[k + 1]!, baked.normal[k + 2]!).transformDirection(matrix);
      p.toArray(normals, 3 * v);
      if (colors) for (let c = 0; c < 3; c++) colors[4 * v + c] = LINEAR[baked.tint[k + c]!]!;
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.setAttribute('normal', new BufferAttribute(normals, 3));
  if (colors) geometry.setAttribute('color', new BufferAttribute(colors, 4, true));
  geometry.setIndex(new BufferAttribute(index, 1));
  const file = await asGlb([geometry], colors !== undefined);
  geometry.dispose();
  return file;
}

/** Completed objects likewise, one mesh each; their vertices have colours (sRGB, as drawn). */
export async function objectsFile(geometries: readonly BufferGeometry[]): Promise<Blob> {
  const linear = geometries.map((geometry) => {
    const copy = geometry.clone();
    const { array } = geometry.getAttribute('color');
    const colors = new Uint16Array((4 * array.length) / 3).fill(65535);
    array.forEach((value, i) => (colors[4 * Math.floor(i / 3) + (i % 3)] = LINEAR[value]!));
    return copy.setAttribute('color', new BufferAttribute(colors, 4, true));
  });
  const file = await asGlb(linear, true);
  for (const geometry of linear) geometry.dispose();
  return file;
}

async function asGlb(geometries: readonly BufferGeometry[], coloured: boolean): Promise<Blob> {
  const material = new MeshStandardMaterial({ roughness: 1, metalness: 0, vertexColors: coloured });
  if (!coloured) material.color.set(0.72, 0.74, 0.78);
  const meshes = geometries.map((geometry) => new Mesh(geometry, material));
  for (const mesh of meshes) {
    mesh.rotation.x = -Math.PI / 2;
    mesh.updateMatrix();
  }
  const bytes = (await new GLTFExporter().parseAsync(meshes, { binary: true })) as ArrayBuffer;
  material.dispose();
  return new Blob([bytes], { type: 'model/gltf-binary' });
}
