import type { GelGrain } from './gel-grain.js';
import type { GelLook } from './gel-look.js';

/** What turns the images of one gel into heights: made by `feltmap calibrate-touch`, or from a look-up table. */
export type TouchCalibration = NetworkCalibration | TableCalibration;

interface GelGeometry {
  /** The gel that it was made for, in words. */
  readonly sensor: string;
  /** Size of the images, pixels. */
  readonly width: number;
  readonly height: number;
  /** Metres of gel from one pixel to the next. */
  readonly pitch: number;
  /** Whether dots are printed on the gel that move with it. */
  readonly markers: boolean;
  /** Standard deviation of the depth where something touches (m), as measured on presses that were not trained on. */
  readonly sigma: number;
  /** What the gel looked like when nothing touched it, by which images that are mirrored or recoloured are told; files of
   * old have none. */
  readonly look?: GelLook;
}

/** Colour ratios to slopes by a small network, slopes to heights by Poisson's equation. */
export interface NetworkCalibration extends GelGeometry {
  readonly kind: 'network';
  /** As `kernels/layout/tactile.ts` orders them: for each of four layers [out][in], then a bias per output. */
  readonly weights: Float32Array;
  /** Heights are multiplied by this; 1 unless a known depth was given. */
  readonly depthGain: number;
}

/** How much darker (or brighter) a pixel is than the reference, in grey levels, to depth: 9DTact. */
export interface TableCalibration extends GelGeometry {
  readonly kind: 'table';
  /** Depth in metres for a pixel that is 0, 1, 2 … grey levels darker than the reference; rising. */
  readonly depths: Float32Array;
  /** The gel's fine pattern, by which images that are mirrored are told: such gels look the same from all sides. Files of old, and those of
   * small images, have none. */
  readonly grain?: GelGrain;
}
