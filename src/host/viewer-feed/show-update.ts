import type { Pose } from '../../geometry/se3.js';
import type { ViewerSink } from '../../viewer/server/source.js';
import { unpackBlocks, type ViewUpdate } from './view-update.js';

export interface UpdateContext {
  /** Seconds of recording since the first scan, by scan. */
  readonly timeOf: (scan: number) => number | undefined;
  /** That of the newest scan. */
  readonly time: number;
  /** Stamp and T_submap_sensor of a scan, where they are known. */
  readonly placeOf: (scan: number) => { readonly stampNs: bigint; readonly pose: Pose } | undefined;
}

/** Hands an update to a viewer: blocks, those that have gone, and the newest scan. */
export function showUpdate(sink: ViewerSink, update: ViewUpdate, context: UpdateContext): void {
  const { deleted, scan } = update;
  sink.blocks(unpackBlocks(update, context.timeOf), context.time);
  const removed: { submap: number; key: number; version: number }[] = [];
  for (let i = 0; i < deleted.length; i += 2)
    removed.push({ submap: 0, key: deleted[i]!, version: deleted[i + 1]! });
  sink.removeBlocks(removed);
  const place = scan && context.placeOf(scan.index);
  if (!place) return;
  const { stampNs, pose } = place;
  sink.scan({ sensor: 0, submap: 0, stampNs, pose, positions: scan.points });
}
