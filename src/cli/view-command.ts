import { CompletionThread } from '../host/completion/completion-thread.js';
import { meshRegion } from '../host/completion/mesh-region.js';
import { ObjectCompleter } from '../host/completion/object-completer.js';
import { OBJECT_BOX, ShownObjects } from '../host/viewer-feed/shown-objects.js';
import { BLOCK_CORNERS } from '../kernels/layout/field.js';
import { FIRST_SUBMAP } from '../slam/events.js';
import { Trajectory } from '../slam/trajectory.js';
import { splitMesh } from '../viewer/server/split-mesh.js';
import { ViewerServer } from '../viewer/server/index.js';
import type { ViewOptions } from './command-options.js';
import { EXIT, inStage } from './exit-codes.js';
import type { SignalSource } from './interrupt.js';
import { printable } from './printable.js';
import { formatCount } from './progress.js';
import { announceViewer, serveUntilInterrupt } from './serving.js';
import { packageVersion } from './version.js';
import { readViewInput, UNKNOWN_VOXEL, type ViewInput } from './view-input.js';

export interface ViewEnvironment {
  /** Module that exports `createSlam`: extracts the surface of saved maps. */
  readonly factoryUrl: string;
  readonly stderr: { write(text: string): unknown };
  readonly signals: SignalSource;
  readonly openBrowser?: (url: string) => void;
}

/**
 * `feltmap view`: a finished run in the browser, until Ctrl-C.
 *
 * @returns the exit status
 * @throws FeltmapError for a path that holds nothing to show, or a port that cannot be listened on
 */
export async function viewCommand(path: string, options: ViewOptions, env: ViewEnvironment): Promise<number> {
  const input = await inStage('input', () => readViewInput(path, options.trajectory, env.factoryUrl));
  const { port, host, token } = options;
  const { glb, voxel, title } = input;
  const trajectory = new Trajectory();
  input.trajectory?.poses.forEach((pose, index) => {
    const stampNs = input.trajectory!.stampsNs[index]!;
    trajectory.add({ index, stampNs, submap: FIRST_SUBMAP, pose, state: 'tracking' });
  });
  const server = new ViewerServer({
    port,
    host,
    ...(token === undefined ? {} : { token }),
    hello: {
      version: packageVersion(),
      mode: 'view',
      title,
      voxel,
      can: { pause: false, speed: false, mesh: true, trajectory: trajectory.length > 0, complete: true },
      streams: [],
    },
    feed: { meshFile: () => glb, complete: (frame) => objects.handle(frame) },
    trajectory,
  });
  show(input, trajectory, server);
  const completer = new ObjectCompleter({
    solver: new CompletionThread(),
    region: (box) => Promise.resolve(meshRegion(input.mesh, voxel || UNKNOWN_VOXEL, box)),
  });
  const objects = new ShownObjects(server, { completer, size: () => OBJECT_BOX });
  const urls = await server.start();
  try {
    env.stderr.write(`${printable(title)}: ${formatCount(input.mesh.indices.length / 3)} triangles\n`);
    announceViewer(urls, options, env);
    await serveUntilInterrupt(env);
  } finally {
    await completer.close();
    await server.close();
  }
  return EXIT.ok;
}

function show({ mesh, mapBytes, run }: ViewInput, trajectory: Trajectory, server: ViewerServer): void {
  server.blocks(splitMesh(mesh, FIRST_SUBMAP), 0);
  server.status({
    state: 'tracking',
    reason: '',
    phase: 'finished',
    scans: run?.scans ?? trajectory.length,
    scanRate: 0,
    latency: {},
    distance: trajectory.distance,
    blocks: run?.blocks ?? 0,
    voxels: (run?.blocks ?? 0) * BLOCK_CORNERS,
    triangles: mesh.indices.length / 3,
    keyframes: run?.keyframes ?? 0,
    mapMemory: run?.memoryBytes ?? mapBytes,
    droppedScans: 0,
    ...(run && {
      replay: { total: run.scans, position: run.recordedSeconds, paused: false, speed: 0 },
    }),
  });
}
