import { fingerprint } from '../sensors/fingerprint.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { StampedMessages } from './stamped-messages.js';

/**
 * Scans of a recording with the stamps that they are used with.
 *
 * @example
 * const stamped = new StampedScans('/points');
 * for (const usable of stamped.take(scan, message.logTimeNs)) use(usable);
 * for (const usable of stamped.end()) use(usable);
 */
export class StampedScans extends StampedMessages<LidarScan> {
  /** @param startsAtZero zero is known to be the stamp of the first scan */
  constructor(name: string, startsAtZero = false) {
    super(name, {
      noun: 'cloud',
      fingerprint: (scan) => fingerprint(scan.positions),
      firstPointNs: (scan) => scan.firstPointNs,
      startsAtZero,
    });
  }
}
