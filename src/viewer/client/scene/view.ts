import { Box3, Color, Scene, Vector2, Vector3, WebGLRenderer } from 'three';
import type { CameraFrame, ObjectFrame, ScanFrame, TouchFrame } from '../../protocol/index.js';
import type { Settings } from '../model/settings.js';
import type { SubmapPoses, TrajectoryStore } from '../model/trajectory-store.js';
import { BlockGroups } from './block-groups.js';
import { CameraRig } from './cameras.js';
import { CompletedObjects } from './completed-objects.js';
import { Dots } from './dots.js';
import { Governor } from './governor.js';
import { Frustums } from './frustums.js';
import { GroundGrid } from './grid.js';
import { LOOKS, type Look } from './looks.js';
import { MeasureLine } from './measure-line.js';
import { MeshMaterial } from './mesh-material.js';
import { SurfacePasses } from './passes.js';
import { PathLine } from './path-line.js';
import type { Plane, Ray } from './raycast.js';
import { Robot } from './robot.js';
import { Scans } from './scans.js';
import { shadingOf, type Shading } from './shading.js';
import { TouchPatches } from './touch-patches.js';

/** What a drawn frame took. */
export interface FrameStatistics {
  readonly calls: number;
  readonly triangles: number;
}

/**
 * The picture: surface, path, scan, robot and grid, drawn when something has changed.
 *
 * @example
 * const view = new SceneView(canvas, session.trajectory, session.submaps, settings.current);
 * view.invalidate();
 * view.draw(performance.now(), session.ages); // in every frame
 * const point = view.pick(100, 200);
 */
export class SceneView {
  readonly renderer: WebGLRenderer;
  readonly groups: BlockGroups;
  readonly rig: CameraRig;
  readonly touches: TouchPatches;
  readonly frustums: Frustums;
  readonly objects = new CompletedObjects();
  readonly measure = new MeasureLine();
  readonly governor = new Governor();
  readonly #surface = new Scene();
  readonly #overlay = new Scene();
  readonly #material = new MeshMaterial();
  readonly #passes: SurfacePasses;
  readonly #path = new PathLine();
  readonly #grid = new GroundGrid();
  readonly #robot = new Robot();
  readonly #scans: Scans;
  readonly #keyframes = new Dots('#ffffff', 7);
  readonly #bounds = new Box3();
  readonly #focus = new Box3();
  #heading = 0;
  #heights: [number, number] = [0, 1];
  #heightsAt = -Infinity;
  #settings: Settings;
  #look: Look = LOOKS.dark;
  #invalid = true;
  #pathFrom = 0;
  #surveyed = -Infinity;
  #drawnAt = 0;
  #budget = 6;
  #width = 1;
  #inset = { right: 0, bottom: 0 };
  #resized = true;
  #resting = false;
  #height = 1;
  #frame: FrameStatistics = { calls: 0, triangles: 0 };

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly trajectory: TrajectoryStore,
    private readonly submaps: SubmapPoses,
    settings: Settings,
  ) {
    this.#settings = settings;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: 'high-performance' });
    this.renderer.autoClear = false;
    this.renderer.info.autoReset = false;
    this.#passes = new SurfacePasses(this.renderer);
    this.groups = new BlockGroups(this.#material, submaps);
    this.touches = new TouchPatches(submaps);
    this.frustums = new Frustums(submaps);
    this.#scans = new Scans(submaps);
    this.rig = new CameraRig(canvas, () => this.invalidate());
    this.#surface.add(this.groups.root);
    this.#overlay.add(
      this.#grid,
      this.#path.root,
      this.#robot.root,
      this.#scans.root,
      this.#keyframes,
      this.objects.root,
      this.touches.root,
      this.frustums.root,
      this.measure.root,
    );
    this.apply(settings, 'dark');
  }

  /** Heights (m) of the ramp's ends. */
  get heights(): readonly [number, number] {
    return this.#heights;
  }

  /** Whether the picture is complete and at its best, and nothing moves. */
  get resting(): boolean {
    return this.#resting && !this.groups.pending && this.governor.step === 0;
  }

  /** How the surface is shaded. */
  get shading(): Shading {
    return shadingOf(this.#settings.shading, this.groups.hasColours);
  }

  get frame(): FrameStatistics {
    return this.#frame;
  }

  /** The slicing plane: keeps n·p + w ≥ 0. */
  get slice(): Plane | undefined {
    const { slice, sliceAxis, sliceAt, sliceFlip } = this.#settings;
    if (!slice || this.#bounds.isEmpty()) return undefined;
    const at = this.slicePosition(sliceAt);
    const sign = sliceFlip ? 1 : -1;
    const n = (['x', 'y', 'z'] as const).map((axis) => (axis === sliceAxis ? sign : 0));
    return [n[0]!, n[1]!, n[2]!, -sign * at];
  }

  /** Where the slicing plane at a share of the map's extent lies, metres along its axis. */
  slicePosition(share: number): number {
    const axis = this.#settings.sliceAxis;
    if (this.#bounds.isEmpty()) return 0;
    return this.#bounds.min[axis] + share * (this.#bounds.max[axis] - this.#bounds.min[axis]);
  }

  invalidate(): void {
    this.#invalid = true;
  }

  apply(settings: Settings, theme: 'dark' | 'light'): void {
    this.#settings = settings;
    this.#look = LOOKS[theme];
    this.#material.shading = this.shading;
    this.#material.ramp = settings.ramp;
    this.#passes.backdrop = this.#look.backdrop;
    this.#passes.opacity = settings.opacity;
    this.#grid.tint(this.#look.grid, this.#look.gridStrength);
    this.#grid.visible = settings.grid;
    this.#path.root.visible = settings.path;
    this.#path.outline = this.#look.outline;
    this.#keyframes.visible = settings.keyframes;
    this.#keyframes.color = this.#look.keyframes;
    this.touches.root.visible = settings.touches;
    this.objects.root.visible = settings.objects;
    this.frustums.root.visible = settings.images;
    this.#robot.root.visible = settings.axes && this.trajectory.length > 0;
    this.#scans.root.visible = settings.scan;
    this.#scans.color = this.#look.scan;
    this.rig.mode = settings.camera;
    this.#pathFrom = 0;
    this.invalidate();
  }

  /** @param inset part of the canvas (CSS pixels) that the panel covers */
  resize(width: number, height: number, inset: { right: number; bottom: number }): void {
    this.#inset = inset;
    [this.#width, this.#height] = [Math.max(1, width), Math.max(1, height)];
    this.#resized = true;
    this.invalidate();
  }

  /** Only right before drawing: a canvas goes blank when its size is set. */
  #applySize(): void {
    this.#resized = false;
    const deviceRatio = window.devicePixelRatio;
    const ratio = Math.min(deviceRatio, 2) * this.governor.scale;
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(this.#width, this.#height, false);
    const size = this.renderer.getDrawingBufferSize(new Vector2());
    this.#passes.resize(size.x, size.y, this.governor.samples);
    this.rig.resize(this.#width, this.#height, this.#inset);
  }

  /** Poses from `from` on are new or have moved. */
  trajectoryChanged(from: number): void {
    this.#pathFrom = Math.min(this.#pathFrom, from);
    const last = this.trajectory.length - 1;
    this.#robot.root.visible = this.#settings.axes && last >= 0;
    if (last >= 0) {
      const pose = this.trajectory.pose(last, this.submaps);
      this.#robot.place(pose, Math.max(0.05, 9 * this.groups.voxel));
      this.rig.chaseDistance = Math.max(0.5, 90 * this.groups.voxel);
      this.rig.follow(pose);
    }
    this.invalidate();
  }

  submapMoved(submap: number): void {
    this.groups.moveSubmap(submap);
    this.touches.moveSubmap(submap);
    this.frustums.moveSubmap(submap);
    this.#scans.moveSubmap(submap);
    this.trajectoryChanged(0);
  }

  setKeyframes(poses: readonly number[]): void {
    const known = poses.filter((i) => i < this.trajectory.length);
    const positions = new Float32Array(3 * known.length);
    known.forEach((pose, i) => this.trajectory.position(pose, this.submaps, positions, 3 * i));
    this.#keyframes.setPositions(positions);
    this.invalidate();
  }

  setScan(frame: ScanFrame): void {
    this.#scans.put(frame);
    this.invalidate();
  }

  setCamera(frame: CameraFrame): void {
    this.frustums.size = Math.max(0.05, 12 * this.groups.voxel);
    this.frustums.put(frame);
    this.invalidate();
  }

  addTouch(frame: TouchFrame): void {
    this.touches.put(frame);
    this.invalidate();
  }

  putObject(frame: ObjectFrame): void {
    this.objects.put(frame);
    this.invalidate();
  }

  removeObject(id: number): void {
    this.objects.remove(id);
    this.invalidate();
  }

  clear(): void {
    this.groups.clear();
    this.objects.clear();
    this.touches.clear();
    this.frustums.clear();
    this.#path.clear();
    this.#pathFrom = 0;
    this.#keyframes.setPositions(new Float32Array(0));
    this.#scans.clear();
    this.#bounds.makeEmpty();
    this.#focus.makeEmpty();
    this.measure.clear();
    this.invalidate();
  }

  /** Everything in view again. */
  resetCamera(): void {
    this.#survey();
    this.rig.reset(this.#focus, this.#heading);
    this.invalidate();
  }

  /**
   * Draws if something has changed.
   *
   * @param now milliseconds, as requestAnimationFrame gives them
   * @param ages seconds since the first scan: oldest and newest surface
   * @returns whether a frame was drawn
   */
  draw(now: number, ages: readonly [number, number]): boolean {
    // On a slow machine frames are few: then each must build more.
    const elapsed = Math.min(400, now - this.#drawnAt);
    this.#drawnAt = now;
    this.#budget = Math.max(6, 0.25 * elapsed);
    this.groups.update(now, this.#budget);
    if (this.groups.pending || now - this.#surveyed > 1000) {
      if (now - this.#surveyed > 250) {
        this.#survey();
        this.#surveyed = now;
      }
      if (this.groups.pending) this.#invalid = true;
    }
    const moving = this.rig.update(this.#focus, this.#heading, 1 - Math.exp(-elapsed / 220));
    this.#resting = !moving && !this.#invalid;
    if (this.#resting) {
      this.governor.idle();
      if (!this.governor.restore()) return false;
      this.#resized = true;
    } else if (this.governor.resume()) this.#resized = true;
    this.#invalid = false;
    if (this.#resized) this.#applySize();
    this.#prepare(now, ages);
    const { info } = this.renderer;
    info.reset();
    this.#passes.render(this.#surface, this.rig.camera);
    this.renderer.render(this.#overlay, this.rig.camera);
    this.#frame = { calls: info.render.calls, triangles: info.render.triangles };
    if (this.governor.drawn(now)) this.#resized = true;
    return true;
  }

  /** Surface point under a place on the canvas (CSS pixels). */
  pick(x: number, y: number): Vector3 | undefined {
    const { camera } = this.rig;
    const at = (z: number): Vector3 =>
      new Vector3((2 * x) / this.#width - 1, 1 - (2 * y) / this.#height, z).unproject(camera);
    const near = at(-1);
    const direction = at(1).sub(near).normalize();
    const ray: Ray = { origin: near.toArray(), direction: direction.toArray() };
    const t = this.groups.raycast(ray, this.slice);
    return t < Infinity ? near.addScaledVector(direction, t) : undefined;
  }

  /** Where a world point is on the canvas (CSS pixels); undefined behind the eye. */
  project(point: Vector3): { x: number; y: number } | undefined {
    const p = point.clone().project(this.rig.camera);
    if (p.z > 1) return undefined;
    return { x: 0.5 * (p.x + 1) * this.#width, y: 0.5 * (1 - p.y) * this.#height };
  }

  #prepare(now: number, ages: readonly [number, number]): void {
    const { camera } = this.rig;
    if (this.#pathFrom < this.trajectory.length) {
      const colors = this.#look.path.map((hex) => new Color(hex).toArray() as [number, number, number]);
      this.#path.update(this.trajectory, this.submaps, colors, this.#pathFrom);
      this.#pathFrom = this.trajectory.length;
    }
    if (now - this.#heightsAt > 700) {
      this.#heightsAt = now;
      const range = this.groups.heightRange(0.01, 0.99);
      if (range) this.#heights = range;
    }
    this.#material.shading = this.shading;
    this.#material.setHeights(...this.#heights);
    this.#material.setAges(...ages);
    this.#material.slice = this.slice;
    const pixelRatio = this.renderer.getPixelRatio();
    this.#scans.pixels = this.#settings.pointSize * pixelRatio;
    this.#keyframes.pixels = 3.5 * pixelRatio;
    this.measure.pixelRatio = pixelRatio;
    this.rig.clip(this.#bounds);
    camera.updateMatrixWorld();
    const eye = camera.matrixWorld.elements;
    const right = new Vector3(eye[0], eye[1], 0).normalize();
    const toEye = new Vector3(eye[8], eye[9], eye[10]);
    const flat = new Vector3(toEye.x, toEye.y, 0);
    if (flat.lengthSq() > 1e-6) flat.normalize();
    // From the upper left behind the viewer.
    const key = right
      .multiplyScalar(-0.75)
      .addScaledVector(flat, 0.35)
      .add(new Vector3(0, 0, 0.9))
      .normalize();
    this.#material.setLight(key, toEye);
    this.#passes.ambient = this.#settings.ambient && this.governor.ambient;
    this.#passes.radius = Math.max(0.02, 7 * this.groups.voxel);
    this.#grid.place(this.rig.target, this.#heights[0], this.rig.distance);
    const height = this.#height * pixelRatio;
    if (this.groups.chooseLevels(camera, height, this.governor.cellPixels, this.#budget))
      this.#invalid = true;
  }

  /** Measures what there is: for the camera's planes, the slice and what should be in view. */
  #survey(): void {
    this.groups.bounds(this.#bounds);
    const count = this.trajectory.length;
    this.#focus.makeEmpty();
    if (count > 1) {
      const p = new Float64Array(3);
      const step = Math.max(1, Math.floor(count / 500));
      const corner = new Vector3();
      for (let i = 0; i < count; i += step) {
        this.trajectory.position(i, this.submaps, p, 0);
        this.#focus.expandByPoint(corner.set(p[0]!, p[1]!, p[2]!));
      }
      const first = new Float64Array(3);
      this.trajectory.position(0, this.submaps, first, 0);
      this.trajectory.position(count - 1, this.submaps, p, 0);
      if (Math.hypot(p[0]! - first[0]!, p[1]! - first[1]!) > 20 * this.groups.voxel)
        this.#heading = Math.atan2(p[1]! - first[1]!, p[0]! - first[0]!);
      this.#focus.expandByScalar(60 * this.groups.voxel);
    }
    if (this.#bounds.isEmpty()) return;
    if (this.#focus.isEmpty()) this.#focus.copy(this.#bounds);
    else this.#focus.intersect(this.#bounds);
    if (this.#focus.isEmpty()) this.#focus.copy(this.#bounds);
  }
}
