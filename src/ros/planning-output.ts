import type { SlamService } from '../host/client.js';
import type { Odometry } from '../messages/poses.js';
import type { RosPort } from './port.js';

/**
 * Publishes the cost map and the distance slice, each while somebody subscribes. The cost map is latched: who comes
 * late gets the last one.
 *
 * @example
 * const planning = new PlanningOutput(port, 'odom');
 * await planning.tick(slam, odometry.last); // every costmap.period seconds
 */
export class PlanningOutput {
  #busy = false;
  /** Raised with every new map: answers about the old one are not published. */
  #generation = 0;

  constructor(
    private readonly port: RosPort,
    private readonly frame: string,
  ) {}

  /** The map is another one. */
  reset(): void {
    this.#generation++;
  }

  /** Does nothing while nobody listens, or the last turn is still under way. @param last odometry */
  async tick(slam: SlamService, { stampNs, pose }: Odometry): Promise<void> {
    const [costmap, slice] = [this.port.listeners('costmap') > 0, this.port.listeners('distance_slice') > 0];
    if (this.#busy || (!costmap && !slice)) return;
    this.#busy = true;
    const generation = this.#generation;
    try {
      const messages = await slam.call({
        type: 'plan',
        header: { stampNs, frameId: this.frame },
        robot: [pose[3]!, pose[7]!, pose[11]!],
        slice,
      });
      if (!messages || generation !== this.#generation) return;
      if (costmap) this.port.publish('costmap', messages.costmap);
      if (messages.slice) this.port.publish('distance_slice', messages.slice);
    } finally {
      this.#busy = false;
    }
  }
}
