import type { MeshColor } from '../host/mesh-feed/mesh-color.js';
import { Newcomers } from './newcomers.js';
import type { RosPort } from './port.js';
import type { SlamService } from '../host/client.js';

export interface MeshOutputOptions {
  readonly frame: string;
  readonly color: () => MeshColor;
  /** Bytes per second. */
  readonly bandwidth: () => number;
  readonly now?: () => number;
}

/** A message of at most this size keeps publish() below a millisecond or so. */
const MAX_MESSAGE = 1_000_000;

/**
 * Publishes changed mesh blocks within a bandwidth, and everything again when a new subscriber appears; those that there
 * are already see no difference.
 *
 * @example
 * const mesh = new MeshOutput(port, { frame: 'odom', color, bandwidth: () => 10e6 });
 * await mesh.tick(slam, stampNs); // at the rate of the mesh topic
 */
export class MeshOutput {
  readonly #now: () => number;
  readonly #newcomers: Newcomers;
  #restart = true;
  /** Somebody new listens, who has to be sent all. */
  #repeat = false;
  #busy = false;
  /** Bytes that may be sent now. */
  #credit = 0;
  #at: number;
  #sentBlocks = 0;
  #remaining = 0;

  constructor(
    private readonly port: RosPort,
    private readonly options: MeshOutputOptions,
  ) {
    this.#now = options.now ?? (() => performance.now());
    this.#at = this.#now();
    this.#newcomers = new Newcomers(port, 'mesh');
  }

  /** Blocks sent so far, and changes still to be sent. */
  get sent(): number {
    return this.#sentBlocks;
  }
  get remaining(): number {
    return this.#remaining;
  }

  /** Everything goes out again: the map or its colours are others. */
  restart(): void {
    this.#restart = true;
  }

  /** One turn of the mesh timer. Does nothing while nobody listens or the last turn is still under way. */
  async tick(slam: SlamService, stampNs: bigint): Promise<void> {
    const now = this.#now();
    const rate = this.options.bandwidth();
    this.#credit = Math.min(rate, this.#credit + ((now - this.#at) / 1000) * rate);
    this.#at = now;
    if (this.#newcomers.arrived()) this.#repeat = true;
    if (this.port.listeners('mesh') === 0 || this.#busy) return;
    this.#busy = true;
    try {
      while (this.#credit > 0) {
        const [restart, repeat] = [this.#restart, this.#repeat];
        this.#restart = this.#repeat = false;
        const message = await slam.call({
          type: 'mesh',
          restart,
          repeat,
          header: { stampNs, frameId: this.options.frame },
          color: this.options.color(),
          maxBytes: MAX_MESSAGE,
        });
        this.#remaining = message?.remaining ?? 0;
        if (!message) return;
        this.#credit -= message.bytes.length;
        this.#sentBlocks += message.blocks;
        this.port.publish('mesh', message.bytes);
        if (message.remaining === 0) return;
      }
    } finally {
      this.#busy = false;
    }
  }
}
