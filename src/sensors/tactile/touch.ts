import type { Pose } from '../../geometry/se3.js';
import type { ColorImage } from '../camera/frame.js';

/**
 * What a gel felt, as a height image. The gel frame: origin in the middle of the gel's surface at rest, x to the right in
 * the image, y down, z out of the gel towards what is touched (right-handed).
 */
export interface TouchImage {
  readonly kind: 'touch-image';
  readonly stampNs: bigint;
  /** The gel frame, header.frame_id. */
  readonly frameId: string;
  readonly width: number;
  readonly height: number;
  /** Metres from one pixel to the next; the middle of the image lies at the origin. */
  readonly pitch: number;
  /** How deep the gel is pressed in at each pixel, metres, row by row; 0 at rest, NaN where it is not known. */
  readonly depth: Float32Array;
  /** 1 where something touches the gel, 0 where nothing does. */
  readonly contact: Uint8Array;
  /** Standard deviation of the depth where something touches (m). */
  readonly sigma: number;
}

/** Points of contact, from sensors that feel single points: feelers, taxel arrays, bumpers. */
export interface TouchPoints {
  readonly kind: 'touch-points';
  readonly stampNs: bigint;
  readonly frameId: string;
  /** x, y, z of each contact in the sensor frame, metres; none: nothing is touched. */
  readonly points: Float32Array;
  /** Unit normals out of the touched surface, where the sensor measures them. */
  readonly normals?: Float32Array;
  /** Standard deviation of a point (m). */
  readonly sigma: number;
}

/** What a tactile sensor felt. */
export type Touch = TouchImage | TouchPoints;

/** An image of a gel as its camera took it: heights are read in it by the calibration of the gel. */
export interface GelImage {
  readonly kind: 'gel-image';
  readonly stampNs: bigint;
  /** The gel frame, header.frame_id. */
  readonly frameId: string;
  readonly image: ColorImage;
}

/** One measurement of a tactile sensor on a body. */
export type TouchMeasurement = (Touch | GelImage) & {
  /** How far the clock of the stamps has stepped so far, ns (sensors/stamps.ts); left out where it has not. */
  readonly clockShiftNs?: bigint;
  /** T_body_sensor at the stamp, as the arm has it. */
  readonly mount: Pose;
  /** T_frame_sensor at the stamp, by frames of tf that were asked for: those of objects that move. */
  readonly inFrames?: ReadonlyMap<string, Pose>;
};

/** A touch with where the arm says that the sensor was. */
export type PosedTouch = Touch & {
  /** T_world_sensor by the arm's kinematics, or in the frame of the object that is mapped. */
  readonly T_map_sensor: Pose;
};
