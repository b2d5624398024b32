import { ScanGatherer } from '../sensors/lidar/gather.js';
import { rebuildTimesFromAzimuth, type SpinModel } from '../sensors/lidar/azimuth-times.js';
import { PointTimer } from '../sensors/lidar/point-timer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { isScan, type Measurement } from '../sensors/measurement.js';
import type { ScanRange, ScanSource } from './scan-source.js';

/** Adds times to scans that have none where that can be done, and says what is wrong with the others. */
export function withPointTimes(
  source: ScanSource,
  {
    spin,
    deskewAlways = false,
  }: { readonly spin?: SpinModel | undefined; readonly deskewAlways?: boolean | undefined },
): ScanSource {
  let timer = new PointTimer({ always: deskewAlways });
  function timed(scan: LidarScan): LidarScan {
    if (scan.timing !== 'none' || !spin) return timer.complete(scan);
    const times = rebuildTimesFromAzimuth(scan.positions, scan.count, spin);
    return { ...scan, times, timing: 'azimuth' };
  }
  async function* scans(range?: ScanRange): AsyncGenerator<LidarScan> {
    timer = new PointTimer({ always: deskewAlways });
    for await (const scan of source.scans(range)) yield timed(scan);
  }
  async function* measurements(range?: ScanRange): AsyncGenerator<Measurement> {
    timer = new PointTimer({ always: deskewAlways });
    const gatherer = new ScanGatherer(source.firstInterval);
    for await (const one of source.measurements(range)) {
      if (isScan(one)) yield* gatherer.add(timed(one));
      else yield one;
    }
    yield* gatherer.end();
  }
  return {
    ...source,
    get warnings() {
      return [...source.warnings, ...timer.notes];
    },
    scans,
    measurements,
  };
}
