import type { SyncCaller } from '../../../compute/synchronous-call.js';
import { LostError } from '../../../compute/synchronous-call.js';

/** Whoever has maps on the device. */
export interface DeviceUser {
  /** The device was lost: opens a new one and moves the maps there. */
  moveAgain(): void;
  /** No device is left. */
  goOn(): void;
}

/**
 * The channel to the thread that holds the GPU, and what happens when the device is lost.
 *
 * @example
 * const device = new Device(caller);
 * device.use(heap); // is asked to come back on a new device when this one is lost
 * const distances = device.do(() => device.ask('query', points), () => wasm.sample(mirror, 'distance', points));
 */
export class Device {
  /** What the user should know: devices lost. */
  readonly notices: string[] = [];
  #caller: SyncCaller | undefined;
  #user: DeviceUser | undefined;

  constructor(caller: SyncCaller) {
    this.#caller = caller;
  }

  use(user: DeviceUser): void {
    this.#user = user;
  }

  /** Whether a device is in use; else backend wasm goes on alone. */
  get there(): boolean {
    return this.#caller !== undefined;
  }

  /** @throws LostError when the device is lost */
  ask(name: string, argument?: unknown): unknown {
    if (!this.#caller) throw new LostError('there is none');
    return this.#caller.call(name, argument);
  }

  /** Does something on the device; when that is lost, once more on a new one, or else on the processor. */
  do<T>(onDevice: () => T, onProcessor: () => T): T {
    for (let attempt = 0; this.#caller && attempt < 2; attempt++)
      try {
        return onDevice();
      } catch (error) {
        if (!(error instanceof LostError)) throw error;
        this.#recover(error.message);
      }
    this.#giveUp();
    return onProcessor();
  }

  #recover(reason: string): void {
    try {
      this.#user?.moveAgain();
      this.notices.push(`The GPU was lost (${reason}); the map was moved to it again.`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.notices.push(
        `The GPU was lost (${reason}) and did not come back (${why}); engine wasm goes on with the map.`,
      );
      this.#giveUp();
    }
  }

  /** From here on the processor works. */
  #giveUp(): void {
    if (!this.#caller) return;
    void this.#caller.close();
    this.#caller = undefined;
    this.#user?.goOn();
  }

  async close(): Promise<void> {
    const caller = this.#caller;
    this.#caller = undefined;
    if (!caller) return;
    try {
      if (caller.alive) caller.call('close');
    } catch {
      // it is going anyway
    }
    await caller.close();
  }
}
