import { inverse, compose, translationNorm } from '../geometry/se3.js';
import { splitMesh } from '../viewer/server/split-mesh.js';
import { ViewerServer } from '../viewer/server/index.js';
import type { ViewOptions } from './command-options.js';
import { EXIT, inStage } from './exit-codes.js';
import type { SignalSource } from './interrupt.js';
import { formatCount } from './progress.js';
import { announceViewer, serveUntilInterrupt } from './serving.js';
import { packageVersion } from './version.js';
import { readViewInput, type ViewInput } from './view-input.js';

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
  const { glb, trajectory, voxel, title } = input;
  const server = new ViewerServer({
    port,
    host,
    ...(token === undefined ? {} : { token }),
    hello: {
      version: packageVersion(),
      mode: 'view',
      title,
      voxel,
      can: { pause: false, speed: false, mesh: true, trajectory: trajectory !== undefined },
      streams: [],
    },
    feed: { meshFile: () => glb },
  });
  show(input, server);
  const urls = await server.start();
  try {
    env.stderr.write(`${title}: ${formatCount(input.mesh.indices.length / 3)} triangles\n`);
    announceViewer(urls, options, env);
    await serveUntilInterrupt(env);
  } finally {
    await server.close();
  }
  return EXIT.ok;
}

function show({ mesh, trajectory, mapBytes }: ViewInput, server: ViewerServer): void {
  server.blocks(splitMesh(mesh), 0);
  let distance = 0;
  const poses = trajectory?.poses ?? [];
  poses.forEach((pose, i) => {
    if (i > 0) distance += translationNorm(compose(inverse(poses[i - 1]!), pose));
    server.addPose({ stampNs: trajectory!.stampsNs[i]!, pose, submap: 0, state: 'tracking' });
  });
  server.status({
    state: 'tracking',
    reason: '',
    phase: 'finished',
    scans: poses.length,
    scanRate: 0,
    latency: {},
    distance,
    blocks: 0,
    voxels: 0,
    triangles: mesh.indices.length / 3,
    keyframes: 0,
    mapMemory: mapBytes,
    droppedScans: 0,
  });
}
