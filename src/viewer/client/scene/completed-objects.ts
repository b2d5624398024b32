import { BufferAttribute, BufferGeometry, Group, Mesh, ShaderMaterial } from 'three';
import { decodeNormals, dequantisePositions, type ObjectFrame } from '../../protocol/index.js';

const VERTEX = /* glsl */ `
attribute vec3 color;
varying vec3 vColor;
varying vec3 vNormal;
varying vec3 vToEye;
void main() {
  vColor = color;
  vNormal = normalMatrix * normal;
  vec4 eye = modelViewMatrix * vec4(position, 1.0);
  vToEye = isOrthographic ? vec3(0.0, 0.0, 1.0) : -eye.xyz;
  gl_Position = projectionMatrix * eye;
}`;

// Brighter towards the viewer and denser at the rim, so that the shape shows although one sees through it.
const FRAGMENT = /* glsl */ `
varying vec3 vColor;
varying vec3 vNormal;
varying vec3 vToEye;
void main() {
  float facing = abs(dot(normalize(vNormal), normalize(vToEye)));
  gl_FragColor = vec4(vColor * (0.55 + 0.45 * facing), mix(0.85, 0.55, facing));
}`;

/**
 * Completed objects: translucent, in the colours of how sure they are, beside the map and no part of it.
 *
 * @example
 * const objects = new CompletedObjects();
 * objects.put(frame);
 * scene.add(objects.root);
 */
export class CompletedObjects {
  readonly root = new Group();
  readonly #meshes = new Map<number, Mesh<BufferGeometry, ShaderMaterial>>();
  readonly #material = new ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    transparent: true,
    depthWrite: false,
    // Where the map has the surface, too, both lie in one place: the object is drawn over it.
    polygonOffset: true,
    polygonOffsetFactor: -4,
    polygonOffsetUnits: -4,
  });

  get size(): number {
    return this.#meshes.size;
  }

  /** World frame, metres. */
  get geometries(): readonly BufferGeometry[] {
    return [...this.#meshes.values()].map(({ geometry }) => geometry);
  }

  put({ id, box, positions, normals, colors, indices }: ObjectFrame): void {
    this.remove(id);
    const geometry = new BufferGeometry();
    geometry.setAttribute('position', new BufferAttribute(dequantisePositions(positions, box), 3));
    geometry.setAttribute('normal', new BufferAttribute(decodeNormals(normals), 3));
    geometry.setAttribute('color', new BufferAttribute(colors.slice(), 3, true));
    geometry.setIndex(new BufferAttribute(indices.slice(), 1));
    const mesh = new Mesh(geometry, this.#material);
    mesh.renderOrder = 4;
    this.#meshes.set(id, mesh);
    this.root.add(mesh);
  }

  remove(id: number): void {
    const mesh = this.#meshes.get(id);
    if (!mesh) return;
    mesh.removeFromParent();
    mesh.geometry.dispose();
    this.#meshes.delete(id);
  }

  clear(): void {
    for (const id of [...this.#meshes.keys()]) this.remove(id);
  }
}
