import { HeldTouches } from '../../host/completion/held-touches.js';
import { ObjectCompleter } from '../../host/completion/object-completer.js';
import type { SurfaceSolver } from '../../host/completion/completion-thread.js';
import type { TouchEvent } from '../../host/protocol.js';
import type { TfBuffer } from '../../messages/tf-buffer.js';
import type { RosPort } from '../port.js';
import type { ThrottledLog } from '../throttle.js';
import { sentence } from '../trigger.js';
import { CompletionOutput } from './completion-output.js';

export interface HeldObjectsOptions {
  /** The tf frame that moves with the object. */
  readonly frame: string;
  readonly port: RosPort;
  readonly log: ThrottledLog;
  readonly tf: Pick<TfBuffer, 'lookup'>;
  readonly solver: SurfaceSolver;
  /** Stamp of the last odometry, ns; undefined before there is one. */
  readonly lastStampNs: () => bigint | undefined;
}

/**
 * Objects in a frame that moves, such as one in a hand: each touch is taken into that frame at its stamp, and what is
 * completed is published in it, so that viewers move it along.
 *
 * @example
 * const held = new HeldObjects({ frame: 'in_hand', port, log, tf, solver, lastStampNs });
 * held.completer.setBoxes([[-0.1, -0.1, 0, 0.1, 0.1, 0.2]]); // of that frame
 * held.take(event); // of a touch
 */
export class HeldObjects {
  readonly completer: ObjectCompleter;
  readonly #touches = new HeldTouches();
  readonly #output: CompletionOutput;

  constructor(private readonly options: HeldObjectsOptions) {
    const { frame, port, log, solver, lastStampNs } = options;
    const region = (box: Parameters<HeldTouches['region']>[0]) => Promise.resolve(this.#touches.region(box));
    this.completer = new ObjectCompleter({ region, solver });
    const stampNs = (): bigint => lastStampNs() ?? port.now();
    this.#output = new CompletionOutput(port, { frame, stampNs, namespace: 'held_object' });
    this.completer.listen((event) => {
      this.#output.take(event);
      if (event.type === 'object-failed')
        log.log('warn', `held ${event.id}`, `Object ${event.id} of '${frame}' is not completed: ${sentence(event.error)}`);
    });
  } // prettier-ignore

  /** A touch that tf cannot take into the frame is left out, with a warning; a miss without one. */
  take({ sensor, result: { stampNs, touch } }: Pick<TouchEvent, 'sensor' | 'result'>): void {
    const { tf, frame, log } = this.options;
    const found = tf.lookup(frame, sensor, stampNs);
    if (found.ok) this.#touches.add(found.pose, touch);
    else if (touch.points.length > 0)
      log.log(
        'warn',
        'held touch',
        `completion.frame: a touch of '${sensor}' is left out of '${frame}': ${found.reason}`,
      );
  }

  serveNewcomers(): void {
    this.#output.serveNewcomers();
  }

  /** Another object is held: what was felt of the one before is forgotten. */
  clear(): void {
    this.#touches.clear();
    this.completer.reset();
  }
}
