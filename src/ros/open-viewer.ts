import { finestVoxel } from '../config/lengths.js';
import { MapViewer, type MapViewerOptions } from '../host/viewer-feed/map-viewer.js';
import { TOUCH_STREAM } from '../host/viewer-feed/shown-touches.js';
import type { ParameterStore } from './parameter-check.js';
import type { LogSink } from './throttle.js';
import { sentence } from './trigger.js';

export type NodeViewer = Pick<MapViewerOptions, 'trajectory' | 'slam' | 'activity' | 'objects'> & {
  readonly title: string;
  readonly version: string;
  /** Names of the cameras whose pictures are shown. */
  readonly streams: readonly string[];
  /** Whether pictures of tactile sensors are. */
  readonly touch: boolean;
};

/**
 * The browser viewer as the parameters have it; its addresses are logged.
 *
 * @returns undefined where none is wanted, or where it cannot listen: a robot maps without a viewer, too
 */
export async function openViewer(
  p: ParameterStore,
  log: LogSink,
  { title, version, streams, touch, ...node }: NodeViewer,
): Promise<MapViewer | undefined> {
  const port = p.number('viewer.port');
  if (port === 0) return undefined;

  const token = p.string('viewer.token');
  try {
    const viewer = new MapViewer({
      ...node,
      port,
      host: p.string('viewer.host'),
      ...(token === '' ? {} : { token }),
      hello: {
        version,
        mode: 'live',
        title,
        voxel: finestVoxel(p.config),
        can: { pause: false, speed: false, mesh: true, trajectory: true },
        streams: [
          ...streams.map((name, stream) => ({ stream, name, kind: 'rgb' }) as const),
          ...(touch ? [TOUCH_STREAM] : []),
        ],
      },
    });
    const urls = await viewer.start();
    // A token that was chosen is known to those who may know it; a random one stands nowhere else.
    const shown = token === '' ? urls : urls.map((url) => url.split('?')[0]!);
    log('info', `Viewer: ${shown.join('  or  ')}`);
    return viewer;
  } catch (error) {
    log('error', `No viewer: ${sentence(error)}`);
    return undefined;
  }
}
