import { join } from 'node:path';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';
import { encodePly } from '../export/ply.js';
import { encodePng } from '../export/png.js';
import { encodePng16 } from '../export/png16.js';
import { formatTum } from '../export/tum.js';
import type { TouchSimulation } from '../sim/touch/touch-simulation.js';
import { makeFolder } from '../export/make-folder.js';

/** Units of the true depth images: 10 000 make a millimetre. */
const DEPTH_UNITS = 1e7;
/** Radius of the ball of the calibration, metres. */
const BALL_RADIUS = 0.003;

/**
 * Touches as a folder: images/000000.png with reference.png of the untouched gel, poses.txt (T_map_gel by kinematics)
 * and truth.txt, depth/ (true depth, 16 bits, tenths of a micrometre), object.ply, sensor.json; calibration/ with
 * presses of a ball, its own reference.png, ball.json, and truth.csv with where the ball was.
 *
 * @example
 * const folder = await TouchFolder.create('mug', simulation);
 * await folder.calibration(40);
 * for (let i = 0; i < simulation.touches.length; i++) await folder.touch(i);
 * await folder.finish();
 */
export class TouchFolder {
  touches = 0;

  private constructor(
    readonly path: string,
    private readonly simulation: TouchSimulation,
  ) {}

  static async create(path: string, simulation: TouchSimulation): Promise<TouchFolder> {
    try {
      for (const name of ['images', 'depth', 'calibration']) await makeFolder(join(path, name));
    } catch (error) {
      throw toIoError(error, path);
    }
    const folder = new TouchFolder(path, simulation);
    await folder.#png('reference.png', simulation.reference());
    const { width, height, pitch, maxDepth } = simulation.gel;
    const sensor = {
      width,
      height,
      pitch,
      maxDepth,
      markers: simulation.look.markers !== null,
      depthUnits: DEPTH_UNITS,
    };
    await writeFileAtomic(join(path, 'sensor.json'), `${JSON.stringify(sensor, null, 2)}\n`);
    return folder;
  }

  /** Presses of a ball all over the gel, without poses: what a calibration is made from. */
  async calibration(presses: number): Promise<void> {
    const { simulation } = this;
    const { width, height, pitch } = simulation.gel;
    await this.#png(join('calibration', 'reference.png'), simulation.reference());
    const ball = { diameter: 2 * BALL_RADIUS, pitch, width, height };
    await writeFileAtomic(join(this.path, 'calibration', 'ball.json'), `${JSON.stringify(ball, null, 2)}\n`);
    const rows = ['image,column,row,contact_radius_pixels,depth_metres'];
    const all = simulation.ballPresses(presses, BALL_RADIUS);
    for (const [i, press] of all.entries()) {
      const name = `${String(i).padStart(3, '0')}.png`;
      await this.#png(join('calibration', name), simulation.pressBall(press, i).rgb);
      const { x, y, depth, radius } = press;
      const contact = Math.sqrt(2 * radius * depth - depth * depth) / pitch;
      const [column, row] = [x / pitch + (width - 1) / 2, y / pitch + (height - 1) / 2];
      rows.push([name, column.toFixed(2), row.toFixed(2), contact.toFixed(2), depth.toFixed(7)].join());
    }
    await writeFileAtomic(join(this.path, 'calibration', 'truth.csv'), `${rows.join('\n')}\n`);
  }

  /** Image and true depth of touch i; to be called in order. */
  async touch(i: number): Promise<void> {
    const { simulation } = this;
    const { width, height } = simulation.gel;
    const name = `${String(i).padStart(6, '0')}.png`;
    await this.#png(join('images', name), simulation.rgb(i));
    const depth = Uint16Array.from(simulation.press(i).depth, (value) => Math.round(value * DEPTH_UNITS));
    await writeFileAtomic(join(this.path, 'depth', name), encodePng16(width, height, depth));
    this.touches = i + 1;
  }

  /** Poses, truth and the object's surface. */
  async finish(): Promise<{ truthPath: string; meshPath: string }> {
    const { simulation, path } = this;
    const all = Array.from({ length: this.touches }, (_, i) => i);
    const stampsNs = all.map((i) => simulation.stampNs(i));
    const poses = (pose: (i: number) => Float64Array): string =>
      formatTum({ stampsNs, poses: all.map(pose) });
    const [truthPath, meshPath] = [join(path, 'truth.txt'), join(path, 'object.ply')];
    await writeFileAtomic(
      join(path, 'poses.txt'),
      poses((i) => simulation.kinematicPose(i)),
    );
    await writeFileAtomic(
      truthPath,
      poses((i) => simulation.truePose(i)),
    );
    await writeFileAtomic(meshPath, encodePly(simulation.mesh, [`${simulation.object.family}, frame map`]));
    return { truthPath, meshPath };
  }

  async #png(name: string, rgb: Uint8Array): Promise<void> {
    const { width, height } = this.simulation.gel;
    const rgba = new Uint8Array(4 * width * height).fill(255);
    for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgba[4 * i + c] = rgb[3 * i + c]!;
    await writeFileAtomic(join(this.path, name), encodePng(rgba, width, height));
  }
}
