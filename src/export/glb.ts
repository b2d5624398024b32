import { Document, NodeIO } from '@gltf-transform/core';
import type { Mesh } from '../mesh/mesh.js';
import { toLinear } from './render-colors.js';

/**
 * Binary glTF 2.0 of a mesh: positions, normals and colours where present, matt and two-sided. The vertices keep
 * Feltmap's z-up frame; the node turns them to glTF's y-up. Colours are sRGB in a mesh, but linear in glTF's COLOR_0
 * (glTF 2.0, 3.9.2): they are written as 16 bits, so that dark tones come back as they were.
 *
 * @param name shown by viewers
 */
export async function encodeGlb(mesh: Mesh, name = 'feltmap'): Promise<Uint8Array> {
  const document = new Document();
  document.getRoot().getAsset().generator = 'feltmap';
  const empty = mesh.indices.length === 0;
  const buffer = empty ? null : document.createBuffer();
  const attribute = (type: 'VEC3' | 'VEC4', array: Float32Array | Uint16Array, normalized = false) =>
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
    if (mesh.colors) primitive.setAttribute('COLOR_0', attribute('VEC4', linearColors(mesh.colors), true));
    node.setMesh(document.createMesh(name).addPrimitive(primitive));
  }
  return new NodeIO().writeBinary(document);
}

const LINEAR = Uint16Array.from({ length: 256 }, (_, s) => Math.round(65535 * toLinear(s / 255)));

/** Four values a vertex, the last opaque, keep the attribute aligned as glTF asks. */
function linearColors(rgb: Uint8Array): Uint16Array {
  const out = new Uint16Array((rgb.length / 3) * 4).fill(65535);
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4)
    for (let c = 0; c < 3; c++) out[j + c] = LINEAR[rgb[i + c]!]!;
  return out;
}
