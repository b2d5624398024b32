import { ConeGeometry, DoubleSide, Group, Mesh, MeshBasicMaterial } from 'three';
import { LineMaterial } from 'three/addons/lines/LineMaterial.js';
import { LineSegments2 } from 'three/addons/lines/LineSegments2.js';
import { LineSegmentsGeometry } from 'three/addons/lines/LineSegmentsGeometry.js';
import type { Pose } from '../../../geometry/se3.js';
import { matrixOf } from './transforms.js';

/** x red, y green, z blue (REP-103), after RViz. */
const AXES = [
  [0.95, 0.2, 0.22],
  [0.25, 0.78, 0.3],
  [0.22, 0.45, 1],
] as const;

/**
 * Where the sensor is: its axes, and an arrow along x that is seen from afar.
 *
 * @example
 * const robot = new Robot();
 * robot.place(T_world_body, 2); // metres
 * scene.add(robot.root);
 */
export class Robot {
  readonly root = new Group();
  readonly #axes: LineSegments2;

  constructor() {
    const positions: number[] = [];
    const colors: number[] = [];
    AXES.forEach((color, k) => {
      const tip = [0, 0, 0];
      tip[k] = 1;
      positions.push(0, 0, 0, ...tip);
      colors.push(...color, ...color);
    });
    const geometry = new LineSegmentsGeometry();
    geometry.setPositions(positions);
    geometry.setColors(colors);
    this.#axes = new LineSegments2(geometry, new LineMaterial({ vertexColors: true, linewidth: 4 }));
    this.#axes.frustumCulled = false;
    this.#axes.renderOrder = 7;
    const cone = new ConeGeometry(0.3, 0.95, 4, 1);
    cone.rotateZ(-Math.PI / 2);
    cone.scale(1, 1, 0.5);
    const arrow = new Mesh(cone, new MeshBasicMaterial({ color: 0xffffff, side: DoubleSide }));
    arrow.renderOrder = 7;
    this.root.add(this.#axes, arrow);
    this.root.matrixAutoUpdate = false;
    this.root.visible = false;
  }

  /** @param size length of an axis, metres */
  place(pose: Pose, size: number): void {
    matrixOf(pose, this.root.matrix);
    const e = this.root.matrix.elements;
    for (let i = 0; i < 12; i++) if (i % 4 !== 3) e[i]! *= size;
    this.root.matrixWorldNeedsUpdate = true;
  }
}
