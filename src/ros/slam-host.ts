import { setByPath } from '../config/set-path.js';
import type { Config } from '../config/schema.js';
import { encodePly } from '../export/ply.js';
import { FeltmapError } from '../geometry/errors.js';
import { compose, transformPoint, type Pose } from '../geometry/se3.js';
import { decodePointCloud2, encodePointCloud2 } from '../messages/pointcloud2.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { pointCloud2FromScan } from '../sensors/lidar/to-pointcloud2.js';
import type { SlamFactory } from '../host/protocol.js';
import { detached } from '../host/detached.js';
import type { Slam, SlamView } from '../slam/types.js';
import type { Mesh } from '../mesh/mesh.js';
import { ViewChanges } from '../host/viewer-feed/view-changes.js';
import { MeshStream } from './mesh-stream.js';
import { LIVE_SETTINGS } from './parameters.js';
import type { MeshRequest, ScanReply, ScanRequest, SlamReplies, SlamRequest } from './slam-protocol.js';

/** The SLAM thread's side: owns the SLAM system and answers requests one by one. */
export class SlamHost {
  #slam: Slam;
  #config: Config;
  readonly #mesh = new MeshStream();
  #changes: ViewChanges;
  /** Warnings that the main thread has been told of. */
  #told = 0;

  private constructor(
    private readonly make: SlamFactory,
    slam: Slam,
    config: Config,
  ) {
    this.#slam = slam;
    this.#config = config;
    this.#changes = new ViewChanges(this.#view);
    this.#told = this.warnings.length;
  }

  static async create(
    make: SlamFactory,
    config: Config,
    map?: ReadonlyMap<string, Uint8Array>,
  ): Promise<SlamHost> {
    return new SlamHost(make, await make(config, map), config);
  }

  get warnings(): readonly string[] {
    return this.#slam.warnings ?? [];
  }

  get #view(): SlamView {
    const { view } = this.#slam;
    if (!view)
      throw new FeltmapError('unsupported', 'This SLAM system cannot be watched; the node needs that');
    return view;
  }

  /** @throws FeltmapError what the request's work throws; the system stays as it was */
  async handle(request: SlamRequest): Promise<SlamReplies[keyof SlamReplies]> {
    switch (request.type) {
      case 'scan':
        return this.#scan(request);
      case 'mesh':
        return this.#nextMesh(request);
      case 'reset':
        return this.#reset(request.config, request.map);
      case 'configure':
        for (const path of LIVE_SETTINGS) setByPath(this.#config, path, valueAt(request.config, path));
        return undefined;
      case 'view':
        return this.#changes.next(request.all);
      case 'save-map':
        return { files: this.#slam.save() };
      case 'save-mesh':
        return this.#ply(request.origin, request.frame);
      case 'close':
        return (await this.#slam.close()) as undefined;
    }
  }

  #scan(request: ScanRequest): ScanReply {
    const begin = performance.now();
    const decoded = scanFromPointCloud2(decodePointCloud2(request.bytes));
    const decodeMs = performance.now() - begin;
    if (decoded.count === 0)
      throw new FeltmapError('bad-input', `The cloud in '${decoded.frameId}' is empty; check the sensor`);
    if (request.imu) {
      const { stampsNs, rates, mount } = request.imu;
      this.#slam.imu({ stampsNs, rates, T_body_imu: compose(request.mount, mount) });
    }
    const before = this.#view.newestKeyframe;
    const result = this.#slam.process({
      ...decoded,
      mount: request.mount,
    });
    this.#changes.scanned(result.index);
    const warnings = this.warnings.slice(this.#told);
    this.#told += warnings.length;
    return {
      result: detached(result),
      keyframe: this.#view.newestKeyframe !== before,
      statistics: this.#slam.statistics(),
      timing: decoded.timing,
      decodeMs,
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(request.cloud ? { cloud: this.#cloud(decoded) } : {}),
    };
  }

  #cloud({ stampNs, frameId }: LidarScan): Uint8Array<ArrayBuffer> {
    const positions = this.#view.points(Infinity);
    const count = positions.length / 3;
    const scan = { stampNs, frameId, count, positions, timing: 'none' } as const;
    return encodePointCloud2(pointCloud2FromScan(scan)) as Uint8Array<ArrayBuffer>;
  }

  #nextMesh({ restart, ...options }: MeshRequest): SlamReplies['mesh'] {
    if (restart) this.#mesh.restart();
    return this.#mesh.next((version) => this.#view.meshChanges(version), options);
  }

  async #reset(config: Config, map?: ReadonlyMap<string, Uint8Array>): Promise<SlamReplies['reset']> {
    // Two maps need twice the memory for a moment, but a map that cannot be read leaves the old one in place.
    const next = await this.make(config, map);
    const before = this.#slam;
    this.#slam = next;
    this.#changes = new ViewChanges(this.#view);
    this.#config = config;
    this.#mesh.restart();
    this.#told = this.warnings.length;
    await before.close();
    return { warnings: this.warnings };
  }

  #ply(origin: Pose, frame: string): SlamReplies['save-mesh'] {
    const mesh = moved(this.#slam.mesh(), origin);
    const ply = encodePly(mesh, ['feltmap', `metres, frame ${frame}`]) as Uint8Array<ArrayBuffer>;
    return { ply, vertices: mesh.positions.length / 3, triangles: mesh.indices.length / 3 };
  }
}

function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config);
}

function moved(mesh: Mesh, T: Pose): Mesh {
  const positions = mesh.positions.slice();
  for (let i = 0; i < positions.length; i += 3)
    positions.set(transformPoint(T, positions[i]!, positions[i + 1]!, positions[i + 2]!), i);
  const normals = mesh.normals?.slice();
  const R = Float64Array.from(T, (v, i) => (i % 4 === 3 ? 0 : v));
  if (normals)
    for (let i = 0; i < normals.length; i += 3)
      normals.set(transformPoint(R, normals[i]!, normals[i + 1]!, normals[i + 2]!), i);
  return { ...mesh, positions, ...(normals ? { normals } : {}) };
}
