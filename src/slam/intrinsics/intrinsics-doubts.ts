import { eigenSymmetric } from '../../geometry/linear.js';
import type { Pinhole } from '../../geometry/pinhole.js';
import { compose, inverse, rotationVector, translationNorm, type Pose } from '../../geometry/se3.js';
import type { Observation, RangeGrid, SensorId } from '../../sensors/observation.js';
import type { TrackingState } from '../events.js';
import { cameraView, type CameraView } from './camera-view.js';
import { describeContradiction, type Contradicted } from './describe-contradiction.js';
import { IntrinsicsFit, type Asked, type FittedIntrinsics } from './intrinsics-fit.js';
import type { ViewPair } from './view-pair.js';

const DEGREE = Math.PI / 180;
/** How far a camera looks elsewhere in the second view of a pair, or rolls besides; where it looks much further elsewhere little is common. */
const TURN = 5 * DEGREE;
const ROLL = 10 * DEGREE;
const MOST_TURN = 25 * DEGREE;
/** A view that is as far behind (m) is given up: a camera that moves straight on says nothing. */
const FARTHEST = 0.6;
/** Pairs with which the intrinsics are asked for; after the last they are believed. */
const ROUNDS = [6, 12, 24] as const;
/** Pairs that are worked on in one frame: 10 ms. */
const PAIRS_A_FRAME = 24;
/**
 * Turns of all pairs (root of the sum of squares) about the two axes that it turned about less: principal point and ratio of
 * the focal lengths are told apart from pose only where it turned about all.
 */
const ABOUT_ALL = [3 * DEGREE, 6 * DEGREE] as const;
/**
 * What contradicts: eight real recordings with the intrinsics of their makers fit focal lengths 0.93 to 1.03 times as long,
 * ratios to within 6 % and centres to within 3 % of the width.
 */
const MOST_FOCAL = Math.log(1.1);
const MOST_RATIO = 0.1;
const MOST_CENTRE = 0.05;
/** Standard deviations by which it must exceed these. */
const SURELY = 2;

type Seen = Pick<Observation, 'sensor' | 'kind' | 'grid' | 'counts'>;

/** What is known of a camera's intrinsics. */
interface Camera {
  /** The view that the next one is paired with, and T_odom_sensor there. */
  last: { readonly view: CameraView; readonly pose: Pose } | undefined;
  readonly pairs: ViewPair[];
  /** Rotation vectors of the pairs. */
  readonly turns: (readonly [number, number, number])[];
  /** Of the grid, and of the images as they came. */
  readonly grid: Pinhole;
  readonly given: Pinhole;
  round: number;
  fit: IntrinsicsFit | undefined;
  asked: Asked;
  contradicted: Contradicted | undefined;
}

/**
 * Whether the motion that cameras see contradicts the intrinsics that came with their images. A rotation moves things in the
 * image in proportion to the focal length and turns surfaces in inverse proportion, so that one rotation explains both only
 * with the right one. A few pairs of views in which a camera turned are asked, some steps of the solution a frame.
 *
 * @example
 * const doubts = new IntrinsicsDoubts();
 * doubts.add(observation, T_odom_sensor, 'tracking'); // complete, with its grid
 * doubts.of(observation.sensor); // a sentence where they are wrong
 */
export class IntrinsicsDoubts {
  /** What the user should know, a sentence a camera: only ever grows. */
  readonly notices: string[] = [];
  readonly #cameras = new Map<SensorId, Camera>();

  /** Why a camera's poses are doubted; undefined where nothing contradicts its intrinsics. */
  of(sensor: SensorId): string | undefined {
    return this.#cameras.get(sensor)?.contradicted?.reason;
  }

  /** An observation that has been mapped. @param pose T_odom_sensor */
  add(observation: Seen, pose: Pose, state: TrackingState): void {
    const { grid, sensor, kind } = observation;
    if (kind !== 'rgbd' || !grid || grid.orthographic) return;
    const camera = this.#of(sensor, observation, grid);
    if (camera.round >= ROUNDS.length || camera.contradicted) return;
    if (state === 'lost') camera.last = undefined;
    else this.#pair(camera, grid, pose);
    if (camera.fit) this.#step(camera, sensor);
    else if (camera.pairs.length >= ROUNDS[camera.round]!) {
      camera.asked = turnsAboutAll(camera.turns) ? 'all' : 'focal';
      camera.fit = new IntrinsicsFit(camera.pairs, camera.pairs[0]!.first, camera.asked);
    }
  }

  /** Begun anew where a camera's images change: another mode has other intrinsics. */
  #of(sensor: SensorId, { counts }: Seen, { width, height, fx, fy, cx, cy }: RangeGrid): Camera {
    const known = this.#cameras.get(sensor);
    if (known?.grid.width === width && known.grid.fx === fx && known.grid.cx === cx) return known;
    const size = Math.max(1, Math.round(Math.sqrt(counts.input / (width * height))));
    const camera: Camera = {
      ...{
        last: undefined,
        pairs: [],
        turns: [],
        round: 0,
        fit: undefined,
        asked: 'focal',
        contradicted: undefined,
      },
      grid: { width, height, fx, fy, cx, cy },
      given: enlarged({ width, height, fx, fy, cx, cy }, size),
    };
    this.#cameras.set(sensor, camera);
    return camera;
  }

  #pair(camera: Camera, grid: RangeGrid, pose: Pose): void {
    const { last, pairs, turns } = camera;
    const begin = (): void => void (camera.last = { view: cameraView(grid), pose: pose.slice() });
    if (!last) return begin();
    const moved = compose(inverse(last.pose), pose);
    const turn = rotationVector(moved);
    const elsewhere = Math.hypot(turn[0], turn[1]);
    if (elsewhere > MOST_TURN || translationNorm(moved) > FARTHEST) return begin();
    if (elsewhere < TURN && Math.hypot(...turn) < ROLL) return;
    begin();
    pairs.push({ first: last.view, second: camera.last!.view, pose: moved, gain: 0, bias: 0 });
    turns.push(turn);
  }

  #step(camera: Camera, sensor: SensorId): void {
    const steps = Math.max(1, Math.floor(PAIRS_A_FRAME / ROUNDS[camera.round]!));
    let done = false;
    for (let i = 0; i < steps && !done; i++) done = camera.fit!.iterate();
    if (!done) return;
    const { result } = camera.fit!;
    camera.fit = undefined;
    camera.round++;
    const view = camera.pairs[0]!.first;
    if (result) camera.contradicted = contradiction(view, result, camera, sensor);
    if (camera.contradicted) this.notices.push(camera.contradicted.notice);
    if (camera.contradicted || camera.round >= ROUNDS.length) camera.pairs.length = camera.turns.length = 0;
  }
}

/** The pinhole of an image that was reduced by a whole factor. */
function enlarged({ width, height, fx, fy, cx, cy }: Pinhole, size: number): Pinhole {
  const centre = (c: number): number => c * size + (size - 1) / 2;
  return {
    width: width * size,
    height: height * size,
    fx: fx * size,
    fy: fy * size,
    cx: centre(cx),
    cy: centre(cy),
  };
}

/** Whether a camera turned about all its axes. */
function turnsAboutAll(turns: readonly (readonly [number, number, number])[]): boolean {
  const sum = new Float64Array(9);
  for (const turn of turns) for (let i = 0; i < 9; i++) sum[i]! += turn[Math.floor(i / 3)]! * turn[i % 3]!;
  const { values } = eigenSymmetric(sum, 3);
  const [least, second] = [...values].sort((a, b) => a - b);
  return least! > ABOUT_ALL[0] ** 2 && second! > ABOUT_ALL[1] ** 2;
}

function contradiction(
  view: CameraView,
  fitted: FittedIntrinsics,
  { given, asked, pairs }: Camera,
  sensor: SensorId,
): Contradicted | undefined {
  if (2 * fitted.pairs < pairs.length) return undefined;
  const { sigma } = fitted;
  const exceeds = (value: number, most: number, sd: number): boolean => Math.abs(value) > most + SURELY * sd;
  const focal = Math.log((fitted.fx * fitted.fy) / (view.fx * view.fy)) / 2;
  const ratio = Math.log((fitted.fx * view.fy) / (fitted.fy * view.fx));
  const share = view.fx / view.width;
  const all = asked === 'all';
  const lengths = {
    focal: exceeds(focal, MOST_FOCAL, sigma[0]!),
    ratio: all && exceeds(ratio, MOST_RATIO, sigma[1]!),
  };
  const beside =
    exceeds((fitted.cx - view.cx) / view.width, MOST_CENTRE, share * sigma[2]!) ||
    exceeds((fitted.cy - view.cy) / view.width, MOST_CENTRE, share * sigma[3]!);
  // Far from the right focal length the centre is not found well: it is told once that is right.
  const wrong = { ...lengths, centre: all && !lengths.focal && !lengths.ratio && beside };
  if (!wrong.focal && !wrong.ratio && !wrong.centre) return undefined;
  const size = given.width / view.width;
  const fits = {
    ...{ fx: given.fx * (fitted.fx / view.fx), fy: given.fy * (fitted.fy / view.fy) },
    ...{ cx: given.cx + (fitted.cx - view.cx) * size, cy: given.cy + (fitted.cy - view.cy) * size },
  };
  return describeContradiction(sensor, given, fits, wrong);
}
