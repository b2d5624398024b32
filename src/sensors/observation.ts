import type { Pinhole } from '../geometry/pinhole.js';
import type { Pose, Twist } from '../geometry/se3.js';

/** Float32 columns of {@link SurfaceSamples}. */
export const SURFACE_COLUMNS = ['x', 'y', 'z', 'nx', 'ny', 'nz', 'tau', 'quality'] as const;
export type SurfaceColumn = (typeof SURFACE_COLUMNS)[number];

/**
 * Points on surfaces, whatever sensor measured them, sensor frame at the stamp. Columns lie in kernel memory and may be
 * longer than `count`.
 */
export interface SurfaceSamples extends Readonly<Record<SurfaceColumn, Float32Array>> {
  readonly count: number;
  /** Metres. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  /** Unit normal towards the sensor, zero where unknown. */
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
  /** Seconds relative to the stamp. */
  readonly tau: Float32Array;
  /** 0 (neither mapped nor sampled) to 1; negative: moves, not mapped whatever else is known. */
  readonly quality: Float32Array;
  /** Bit 1: ground. */
  readonly flags: Uint8Array;
  /** Direction of up in the sensor frame, for ground points without a normal. */
  readonly up: ArrayLike<number>;
  /**
   * The samples that are registered, as indices into the columns: spread evenly over the surface. Of a LiDAR, so are
   * the first quarter and the first half of them.
   */
  readonly keypoints: Uint32Array;
  /**
   * Information of each sample relative to one at a distance of 1 m: (σ(1)/σ)², where the sensor's noise depends on the
   * distance. Samples with it are registered by their normals as well.
   */
  readonly information?: Float32Array;
  /** Brightness of each sample, 0…255 of a blurred image; NaN where the camera saw none. */
  readonly grey?: Float32Array;
}

/**
 * Ranges in rows and columns, as a pinhole sees them unless it says otherwise: what fuses by gathering goes from corners of
 * the map to pixels. Row by row in kernel memory.
 */
export interface RangeGrid extends Pinhole {
  /** Distance along the optical axis, metres; 0 where it is unknown. */
  readonly z: Float32Array;
  /** Unit normal towards the sensor, zero where unknown. */
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
  /** As {@link SurfaceSamples.information}. */
  readonly information: Float32Array;
  /** 4 bytes a pixel: red, green, blue, and 255 where they are known, 0 where not; absent without a colour image. */
  readonly color?: Uint8Array;
  /** Set where pixels look along parallel lines instead, as those of a gel that is pressed against things. */
  readonly orthographic?: OrthographicView;
}

/**
 * What parallel lines of sight change in a {@link RangeGrid}: fx and fy are pixels per metre, z is the place of the
 * sensor's own surface along its axis, on either side of its origin, NaN where unknown; a pixel without a normal touches
 * nothing, and all behind the surface is the sensor's body, so free of anything else.
 */
export interface OrthographicView {
  /** Metres across the axis from each pixel to the nearest contact, or to the border of the grid; 0 in contact. */
  readonly lateral: Float32Array;
  /** How far behind its surface the body of the sensor is (m). */
  readonly body: number;
}

/** A ball that is free of everything else, in its sensor's frame. */
export interface ClearBall {
  /** Its middle (m). */
  readonly point: readonly [number, number, number];
  /** Its radius (m). */
  readonly clearance: number;
}

/** What a touch says about a surface, in its sensor's frame; memory of its own. */
export interface Contacts {
  /** Where the surface was felt: x y z each (m). */
  readonly points: Float32Array;
  /** Unit normals out of what was touched, zero where unknown. */
  readonly normals: Float32Array;
  /** Where the sensor was and nothing touched it: outside of everything. */
  readonly free: Float32Array;
  /** Of a sensor that nothing touches at all. */
  readonly clear?: ClearBall;
  /** Standard deviation of the points (m). */
  readonly sigma: number;
  /** Area that the points stand for (m²). */
  readonly area: number;
}

/** A colour image and where it was taken: colours for what lies farther than ranges are known. */
export interface Picture extends Pinhole {
  /** 4 bytes a pixel: red, green, blue, and one unused. In kernel memory. */
  readonly data: Uint8Array;
  /** Pose of the colour camera in the sensor's frame. */
  readonly T_sensor_color: Pose;
  /**
   * Where the lens puts the ray (x, y, 1) on the normalised image plane; undefined where it cannot be seen. Absent for a
   * pinhole.
   */
  bend?(x: number, y: number): readonly [number, number] | undefined;
}

/** Names a sensor on the body: its topic, or its name in the rig. */
export type SensorId = string;

/** How many points there were and what is left of them. */
export interface ObservationCounts {
  /** As they came. */
  readonly input: number;
  /** Left after the checks of single points. */
  readonly valid: number;
  /** Dropped: not a number, infinite, at the origin, by range, on the robot itself; absent from sensors that do not tell. */
  readonly invalid?: number;
  readonly noReturn?: number;
  readonly zero?: number;
  readonly tooNear?: number;
  readonly tooFar?: number;
  readonly onVehicle?: number;
  /** Of a depth image: in range, but without a surface around them. */
  readonly flying?: number;
}

/**
 * What every sensor's measurement becomes before it is tracked and mapped. It owns its memory until it is released, so
 * that several can be alive at a time.
 */
export interface Observation {
  readonly sensor: SensorId;
  /** Which of the map's grids it is tracked against and fused into: by the kind of sensor; the coarsest unless given. */
  readonly kind?: 'lidar' | 'rgbd' | 'touch';
  /** The instant to which its pose belongs, nanoseconds, on a clock that never steps. */
  readonly stampNs: bigint;
  /** What the clock of the sensor's own stamps has stepped by, ns: its pose is published with `stampNs` plus this. */
  readonly clockShiftNs?: bigint;
  /** Frame of the sensor, header.frame_id. */
  readonly frameId: string;
  /** Where the sensor was on the body at the stamp. */
  readonly T_body_sensor: Pose;
  /** The sensor's velocity relative to the body, [v, ω] in the sensor frame; absent where it is fixed. */
  readonly mountTwist?: Twist;
  /** Sensor frame at the stamp. */
  readonly surface: SurfaceSamples;
  /** Organised ranges, from sensors that have them: fused by gathering. */
  readonly grid?: RangeGrid;
  /** Of what was touched: the arm says where the sensor was, to within its errors, and the body is not tracked by it. */
  readonly contacts?: Contacts;
  /** What a colour camera beside the sensor saw, where there is one. */
  readonly picture?: Picture;
  /** Whether what lies between the sensor and its samples was seen to be free. */
  readonly rays: 'from-sensor' | 'none';
  /**
   * `around`: it sees enough to hold its own pose. `ahead`: a narrow view, which may leave directions open and may fit
   * beside its place as well.
   */
  readonly view: 'around' | 'ahead';
  /** `scattered`: single returns with gaps between them, some of which may be rain or dust. `dense`: an image without gaps. */
  readonly sampling: 'scattered' | 'dense';
  /** `sweep`: samples were taken while the sensor moved, at the times `surface.tau`. */
  readonly motion: 'rigid' | 'sweep';
  readonly counts: ObservationCounts;
  /**
   * Moves the samples to where they would have been measured at the stamp; each call starts from the raw ones. It takes
   * effect for the keypoints at once, for the others when {@link complete} is called.
   *
   * @param twist of the sensor in its own frame in the middle of the sweep, [v, ω], m/s and rad/s; zero gives the raw samples
   * @param acceleration how it changes over the sweep, m/s² and rad/s²; not at all unless given
   */
  undistort(twist: Twist, acceleration?: Twist): void;
  /**
   * Does what only mapping needs, so that the pose need not wait for it. Before, `tau`, `up` and the keypoints' positions
   * and flags are valid; afterwards everything is. Costs nothing when there is nothing to do.
   */
  complete(): void;
  /** Gives the memory back; the arrays must not be used afterwards. */
  release(): void;
}
