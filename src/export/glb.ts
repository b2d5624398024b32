import { Document, NodeIO } from '@gltf-transform/core';
import type { Mesh } from '../mesh/mesh.js';

/**
 * Binary glTF 2.0 of a mesh: positions, normals and colours where present, matt and two-sided. The vertices keep
 * Feltmap's z-up frame; the node turns them to glTF's y-up.
 *
 * @param name shown by viewers
 */
export async function encodeGlb(mesh: Mesh, name = 'feltmap'): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = 'feltmap';
  const empty = mesh.indices.length === 0;
  const buffer = empty ? null : document.createBuffer();
  const attribute = (type: 'VEC3' | 'VEC4', array: Float32Array | Uint8Array, normalized = false) =>
    document
      .createAccessor()
      .setType(type)
      .setArray(array as Float32Array<ArrayBuffer>)
      .setNormalized(normalized)
      .setBuffer(buffer);
  const material = document
    .createMaterial('surface')
    .setBaseColorFactor(mesh.colors ? [1, 1, 1, 1] : [0.72, 0.74, 0.78, 1])
    .setMetallicFactor(0)
    .setRoughnessFactor(1)
    .setDoubleSided(true);
  const scene = document.createScene(name);
  document.getRoot().setDefaultScene(scene);
  const half = Math.SQRT1_2;
  const node = document.createNode(name).setRotation([-half, 0, 0, half]);
  scene.addChild(node);
  // glTF forbids empty accessors and buffers: an empty mesh is a scene with an empty node.
  if (!empty) {
    const primitive = document
      .createPrimitive()
      .setMaterial(material)
      .setAttribute('POSITION', attribute('VEC3', mesh.positions))
      .setIndices(
        document
          .createAccessor()
          .setType('SCALAR')
          .setArray(mesh.indices as Uint32Array<ArrayBuffer>)
          .setBuffer(buffer),
      );
    if (mesh.normals) primitive.setAttribute('NORMAL', attribute('VEC3', mesh.normals));
    if (mesh.colors) primitive.setAttribute('COLOR_0', attribute('VEC4', withAlpha(mesh.colors), true));
    node.setMesh(document.createMesh(name).addPrimitive(primitive));
  }
  return new NodeIO().writeBinary(document);
}

/** Four bytes per vertex keep the attribute aligned as glTF asks. */
function withAlpha(rgb: Uint8Array): Uint8Array {
  const out = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) out.set(rgb.subarray(i, i + 3), j);
  return out;
}
