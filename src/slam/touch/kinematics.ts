/** What the arm's kinematics are good for, standard deviations per axis. */
export interface KinematicSigma {
  /** Metres. */
  readonly translation: number;
  /** Radians. */
  readonly rotation: number;
}

/** Information of a pose by the kinematics: 6×6, [x y z rotX rotY rotZ]; 1/m², 1/rad². */
export function kinematicInformation({ translation, rotation }: KinematicSigma): Float64Array {
  return diagonal(1 / translation ** 2, 1 / rotation ** 2);
}

/** Its inverse; m², rad². */
export function kinematicCovariance({ translation, rotation }: KinematicSigma): Float64Array {
  return diagonal(translation ** 2, rotation ** 2);
}

function diagonal(shift: number, turn: number): Float64Array {
  const out = new Float64Array(36);
  for (let i = 0; i < 6; i++) out[i * 7] = i < 3 ? shift : turn;
  return out;
}
