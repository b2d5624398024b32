/**
 * A stamp whose clock may have stepped: `stampNs` as the sensor and tf have it, and how far that clock has stepped since
 * the first one (sensors/stamps.ts). Motion is predicted on {@link steadyNs}, which never jumps.
 */
export interface ShiftedStamp {
  readonly stampNs: bigint;
  /** Nanoseconds; left out where the clock has not stepped. */
  readonly clockShiftNs?: bigint | undefined;
}

/** The stamp on a clock that never steps. */
export function steadyNs({ stampNs, clockShiftNs = 0n }: ShiftedStamp): bigint {
  return stampNs - clockShiftNs;
}

/** Seconds of nanoseconds. */
export function seconds(ns: bigint): number {
  return Number(ns) * 1e-9;
}
