import type { HelloFrame, ServerFrame, StatusFrame } from '../../protocol/index.js';
import { SubmapPoses, TrajectoryStore } from './trajectory-store.js';

/** What happens to the picture when the session learns something. */
export interface SessionView {
  block(frame: Extract<ServerFrame, { type: 'meshBlock' }>): void;
  blockRemoved(submap: number, key: number, version: number): void;
  snapshotBegin(): void;
  snapshotEnd(): void;
  submapMoved(submap: number): void;
  trajectoryChanged(from: number): void;
  keyframes(poses: readonly number[]): void;
  scan(frame: Extract<ServerFrame, { type: 'scan' }>): void;
  image(frame: Extract<ServerFrame, { type: 'image' }>): void;
  camera(frame: Extract<ServerFrame, { type: 'camera' }>): void;
  touch(frame: Extract<ServerFrame, { type: 'touch' }>): void;
  object(frame: Extract<ServerFrame, { type: 'object' }>): void;
  objectRemoved(id: number): void;
  status(status: StatusFrame): void;
  hello(hello: HelloFrame): void;
  notice(level: 'info' | 'warning' | 'error', text: string): void;
  /** Forget all geometry. */
  clear(): void;
}

/**
 * The run so far: takes frames in, keeps what has no place in the picture, and passes the rest on.
 *
 * @example
 * const session = new Session(view, () => connection.send({ type: 'resync' }));
 * session.handle(frame);
 * console.log(session.trajectory.length, session.status);
 */
export class Session {
  readonly submaps = new SubmapPoses();
  readonly trajectory = new TrajectoryStore();
  readonly keyframes: number[] = [];
  hello: HelloFrame | undefined;
  status: StatusFrame | undefined;
  /** Snapshots received in full. */
  snapshots = 0;
  /** Between the begin and the end of a snapshot. */
  loading = false;
  /** Blocks that the snapshot under way promised. */
  expected = 0;
  /** Seconds since the first scan of the oldest and newest surface. */
  ages: [number, number] = [0, 1];

  /** @param resync asks for a fresh snapshot */
  constructor(
    private readonly view: SessionView,
    private readonly resync: () => void,
  ) {}

  handle(frame: ServerFrame): void {
    const { view, trajectory, submaps } = this;
    switch (frame.type) {
      case 'hello':
        // Another run: nothing of the old one may stay.
        if (this.hello && this.hello.session !== frame.session) this.#clear();
        this.hello = frame;
        view.hello(frame);
        break;
      case 'snapshotBegin':
        this.loading = true;
        this.expected = frame.blocks;
        submaps.forgetVersions();
        trajectory.clear();
        this.keyframes.length = 0;
        view.snapshotBegin();
        break;
      case 'snapshotEnd':
        this.loading = false;
        this.snapshots++;
        view.snapshotEnd();
        view.trajectoryChanged(0);
        view.keyframes(this.keyframes);
        break;
      case 'reset':
        this.#clear();
        break;
      case 'submapPose':
        if (submaps.set(frame.submap, frame.version, frame.pose)) {
          view.submapMoved(frame.submap);
          view.keyframes(this.keyframes);
        }
        break;
      case 'meshBlock':
        this.ages = [Math.min(this.ages[0], frame.firstSeen), Math.max(this.ages[1], frame.firstSeen)];
        view.block(frame);
        break;
      case 'blockRemoved':
        view.blockRemoved(frame.submap, frame.key, frame.version);
        break;
      case 'trajectory':
        if (trajectory.apply(frame)) view.trajectoryChanged(frame.start);
        else this.resync();
        break;
      case 'keyframes':
        if (frame.start > this.keyframes.length) return this.resync();
        frame.poses.forEach((pose, i) => (this.keyframes[frame.start + i] = pose));
        view.keyframes(this.keyframes);
        break;
      case 'scan':
        view.scan(frame);
        break;
      case 'image':
        view.image(frame);
        break;
      case 'camera':
        view.camera(frame);
        break;
      case 'touch':
        view.touch(frame);
        break;
      case 'object':
        view.object(frame);
        break;
      case 'objectRemoved':
        view.objectRemoved(frame.id);
        break;
      case 'status':
        this.status = frame;
        view.status(frame);
        break;
      case 'notice':
        view.notice(frame.level, frame.text);
        break;
    }
  }

  #clear(): void {
    this.submaps.clear();
    this.trajectory.clear();
    this.keyframes.length = 0;
    this.ages = [0, 1];
    this.view.clear();
  }
}
