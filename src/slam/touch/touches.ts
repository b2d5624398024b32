import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { Observation } from '../../sensors/observation.js';
import type { Rig } from '../../sensors/rig.js';
import type { TouchCalibration } from '../../sensors/tactile/calibration.js';
import { TouchFrontEnd } from '../../sensors/tactile/front-end.js';
import { Gels } from '../../sensors/tactile/gels.js';
import { Notices } from '../notices.js';
import type { Touch, TouchMeasurement } from '../../sensors/tactile/touch.js';

/** Makes observations of touches, with images of gels that are still to be read. */
export interface Touches {
  readonly notices: readonly string[];
  /** One that cannot be used touches nothing: the reason is given once, and what was mapped stays. */
  observe(measurement: TouchMeasurement): Observation;
  calibrate(calibration: TouchCalibration, frameId?: string): void;
  /** See {@link Gels.retakeReferences}. */
  retakeReferences(): number;
}

/** Most different sentences about touches that cannot be used. */
const MOST_REASONS = 32;

export function touches(pool: KernelPool, rig: Rig): Touches {
  const frontEnd = new TouchFrontEnd(pool);
  const gels = new Gels(pool);
  const refused = new Set<string>();
  const reasons: string[] = [];
  const notices = new Notices();
  const refuse = (frameId: string, error: FeltmapError): void => {
    const key = `${frameId} ${error.message.replaceAll(/\d+/g, '#')}`;
    if (refused.has(key) || refused.size >= MOST_REASONS) return;
    refused.add(key);
    reasons.push(error.message);
  };
  return {
    get notices() {
      return notices.gather([reasons, gels.notices, frontEnd.notices]);
    },
    calibrate: (calibration, frameId) => gels.calibrate(calibration, frameId),
    retakeReferences: () => gels.retakeReferences(),
    observe(measurement) {
      const { frameId, mount, clockShiftNs } = measurement;
      const T_body_sensor = rig.locate(frameId, mount);
      const shift = clockShiftNs !== undefined && { clockShiftNs };
      try {
        const touch = measurement.kind === 'gel-image' ? gels.read(measurement) : measurement;
        return frontEnd.observe({ ...(touch ?? nothing(measurement)), ...shift }, { T_body_sensor });
      } catch (error) {
        if (!(error instanceof FeltmapError) || error.code === 'out-of-memory') throw error;
        refuse(frameId, error);
        return frontEnd.observe({ ...nothing(measurement), ...shift }, { T_body_sensor });
      }
    },
  };
}

/** What says neither where something is nor where nothing is. */
function nothing({ stampNs, frameId }: TouchMeasurement): Touch {
  return { kind: 'touch-points', stampNs, frameId, points: new Float32Array(0), sigma: 1 };
}
