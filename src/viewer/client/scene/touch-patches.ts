import {
  CircleGeometry,
  Color,
  DoubleSide,
  Group,
  Mesh,
  MeshBasicMaterial,
  Quaternion,
  RingGeometry,
  Vector3,
} from 'three';
import { dequantisePositions, type TouchFrame } from '../../protocol/index.js';
import type { SubmapPoses } from '../model/trajectory-store.js';
import { Dots } from './dots.js';
import { matrixOf } from './transforms.js';

const UP = new Vector3(0, 0, 1);

/**
 * Where something was felt: a glowing disc on the surface, and the felt points. Old ones go beyond 2000.
 *
 * @example
 * const touches = new TouchPatches(submaps);
 * touches.put(frame);
 * scene.add(touches.root);
 */
export class TouchPatches {
  readonly root = new Group();
  readonly #patches = new Map<number, { node: Group; submap: number; dots: Dots }>();
  readonly #disc = new CircleGeometry(1, 40);
  readonly #ring = new RingGeometry(0.88, 1, 40);
  readonly #fill = new MeshBasicMaterial({
    color: new Color('#ff5fb0'),
    transparent: true,
    opacity: 0.35,
    depthWrite: false,
    side: DoubleSide,
  });
  readonly #edge = new MeshBasicMaterial({ color: new Color('#ff8cc8'), side: DoubleSide });

  constructor(private readonly poses: SubmapPoses) {}

  get size(): number {
    return this.#patches.size;
  }

  put(touch: TouchFrame): void {
    this.#drop(touch.id);
    const node = new Group();
    node.matrixAutoUpdate = false;
    matrixOf(this.poses.get(touch.submap), node.matrix);
    const radius = Math.max(touch.radius, 1e-3);
    const normal = new Vector3(...touch.normal);
    if (normal.lengthSq() < 1e-6) normal.copy(UP);
    normal.normalize();
    for (const [geometry, material] of [
      [this.#disc, this.#fill],
      [this.#ring, this.#edge],
    ] as const) {
      const mesh = new Mesh(geometry, material);
      // A little off the surface that it marks, or both would flicker.
      mesh.position.set(...touch.center).addScaledVector(normal, 0.04 * radius);
      mesh.quaternion.copy(new Quaternion().setFromUnitVectors(UP, normal));
      mesh.scale.setScalar(radius);
      mesh.renderOrder = 5;
      node.add(mesh);
    }
    const dots = new Dots('#ffd0e8', 2.5);
    dots.setPositions(dequantisePositions(touch.positions, touch.box));
    node.add(dots);
    this.#patches.set(touch.id, { node, submap: touch.submap, dots });
    this.root.add(node);
    if (this.#patches.size > 2000) this.#drop(this.#patches.keys().next().value!);
  }

  moveSubmap(submap: number): void {
    for (const patch of this.#patches.values()) {
      if (patch.submap !== submap) continue;
      matrixOf(this.poses.get(submap), patch.node.matrix);
      patch.node.matrixWorldNeedsUpdate = true;
    }
  }

  clear(): void {
    for (const id of [...this.#patches.keys()]) this.#drop(id);
  }

  #drop(id: number): void {
    const patch = this.#patches.get(id);
    if (!patch) return;
    patch.node.removeFromParent();
    patch.dots.geometry.dispose();
    patch.dots.material.dispose();
    this.#patches.delete(id);
  }
}
