import type { Box } from '../../completion/complete-region.js';
import { transformPoint } from '../../geometry/se3.js';
import type { SlamService } from '../../host/client.js';
import { CompletionThread, type SurfaceSolver } from '../../host/completion/completion-thread.js';
import {
  ObjectCompleter,
  type ObjectEvent,
  type RoundResult,
} from '../../host/completion/object-completer.js';
import type { HostEvent } from '../../host/protocol.js';
import { decodePointStamped } from '../../messages/point-stamped.js';
import type { TfBuffer } from '../../messages/tf-buffer.js';
import type { ParameterStore } from '../parameter-check.js';
import type { RosPort, TriggerResult } from '../port.js';
import type { ThrottledLog } from '../throttle.js';
import { done, refused, sentence } from '../trigger.js';
import { completionBoxes } from './completion-boxes.js';
import { CompletionOutput } from './completion-output.js';
import { HeldObjects } from './held-objects.js';

/** Where RViz's tool 'Publish Point' publishes. */
export const CLICKED_POINT = '/clicked_point';

export interface NodeCompletionOptions {
  readonly parameters: ParameterStore;
  readonly port: RosPort;
  readonly log: ThrottledLog;
  readonly tf: Pick<TfBuffer, 'lookup'>;
  readonly slam: () => SlamService | undefined;
  /** Stamp of the last odometry, ns; undefined before there is one. */
  readonly lastStampNs: () => bigint | undefined;
  /** The thread that completes; tests put something simpler in its place. */
  readonly solver?: SurfaceSolver;
}

/**
 * Completion in the node: boxes of the parameter, points that somebody clicked, the services, and what is published.
 *
 * @example
 * const completion = new NodeCompletion({ parameters, port, log, tf, slam, lastStampNs });
 * completion.useParameters(); // at the start, and when they have changed
 * completion.onClickedPoint(bytes);
 * const { message } = await completion.complete();
 */
export class NodeCompletion {
  readonly completer: ObjectCompleter;
  /** The objects of `completion.frame`; undefined where that is not set. */
  readonly held: HeldObjects | undefined;
  readonly #solver: SurfaceSolver;
  readonly #output: CompletionOutput;

  constructor(private readonly options: NodeCompletionOptions) {
    const { port, parameters, slam, lastStampNs } = options;
    this.#solver = options.solver ?? new CompletionThread();
    const region = (box: Box) => slam()?.call({ type: 'region', box });
    this.completer = new ObjectCompleter({ region, solver: this.#solver });
    this.#output = new CompletionOutput(port, {
      frame: parameters.string('odom_frame'),
      stampNs: () => lastStampNs() ?? port.now(),
    });
    this.completer.listen((event) => this.#take(event));
    const frame = parameters.string('completion.frame').replace(/^\//, '');
    if (frame !== '' && frame !== parameters.string('odom_frame'))
      this.held = new HeldObjects({
        ...options,
        frame,
        solver: this.#solver,
        tf: {
          lookup: (target, source, stampNs) =>
            options.tf.lookup(target, source, stampNs, parameters.config.sensor.transformGap),
        },
      });
  }

  /** Side of the box around a point that somebody chose (m). */
  get size(): number {
    return this.options.parameters.number('completion.size');
  }

  /** Takes `completion.box` as it is now. */
  useParameters(): void {
    const { parameters, port } = this.options;
    try {
      (this.held?.completer ?? this.completer).setBoxes(
        completionBoxes(parameters.numbers('completion.box')),
      );
    } catch (error) {
      // Boxes were checked; together with points they may be too many.
      port.log('warn', `completion.box: ${sentence(error)}`);
    }
  }

  /** A geometry_msgs/PointStamped in CDR: the object around it is completed. */
  onClickedPoint(bytes: Uint8Array): void {
    const { log, port } = this.options;
    try {
      const { frameId, stampNs, point } = decodePointStamped(bytes);
      const id = this.completer.addAround(this.#toOdom(frameId, stampNs, point), this.size);
      port.log('info', `Object ${id} is completed around the clicked point.`);
    } catch (error) {
      log.log('warn', 'clicked point', `${CLICKED_POINT}: ${sentence(error)}`);
    }
  }

  /** The Trigger service that completes all regions again. */
  async complete(): Promise<TriggerResult> {
    if (!this.options.slam()) return refused('still starting; nothing is mapped yet');
    const completers = [this.completer, ...(this.held ? [this.held.completer] : [])];
    const count = completers.reduce((sum, { regions }) => sum + regions.size, 0);
    if (count === 0)
      return refused(
        `there is nothing to complete: set completion.box, or publish a point of an object on ${CLICKED_POINT}`,
      );
    const rounds: RoundResult[] = await Promise.all(completers.map((completer) => completer.completeAll()));
    const completed = rounds.reduce((sum, round) => sum + round.completed, 0);
    const errors = rounds.flatMap((round) => round.errors);
    const summary = `${completed} of ${count} objects completed`;
    if (errors.length === 0) return done(summary);
    return refused([summary, ...errors.map(sentence)].join('; '));
  }

  /** The Trigger service that takes all objects away. */
  clear(): TriggerResult {
    const size = this.completer.objects.size + (this.held?.completer.objects.size ?? 0);
    this.completer.clear();
    this.held?.clear();
    const boxes = this.completer.regions.size;
    const rest = boxes > 0 ? `; those of completion.box come back with ~/complete` : '';
    return done(`${size} objects cleared${rest}`);
  }

  /** Completes again what has changed. */
  refresh(): void {
    void this.completer.refresh();
    void this.held?.completer.refresh();
  }

  /** Somebody may listen who did not. */
  serveNewcomers(): void {
    this.#output.serveNewcomers();
    this.held?.serveNewcomers();
  }

  /** The map is another one. */
  reset(): void {
    this.completer.reset();
  }

  /** After a long loss a new map starts: what was completed in the old one is not in it. Touches may be of what is held. */
  follow(event: HostEvent): void {
    if (event.type === 'touch') this.held?.take(event);
    if (event.type === 'new-map') this.reset();
  }

  /** Ends the thread; it starts again when it is needed. */
  async stop(): Promise<void> {
    this.completer.reset();
    this.held?.clear();
    await this.#solver.close();
  }

  #toOdom(
    frame: string,
    stampNs: bigint,
    point: readonly [number, number, number],
  ): readonly [number, number, number] {
    const { tf, parameters, lastStampNs } = this.options;
    const odom = parameters.string('odom_frame');
    if (frame.replace(/^\//, '') === odom) return point;
    // A click is stamped with the present, which transforms have not reached yet: then the last one will do.
    let found = tf.lookup(odom, frame, stampNs);
    const last = lastStampNs();
    if (!found.ok && last !== undefined) found = tf.lookup(odom, frame, last);
    if (!found.ok) throw new Error(`the point is in '${frame}': ${found.reason}`);
    return transformPoint(found.pose, ...point);
  }

  #take(event: ObjectEvent): void {
    this.#output.take(event);
    if (event.type === 'object-failed')
      this.options.log.log('warn', `completion ${event.id}`, `Object ${event.id} is not completed: ${sentence(event.error)}`); // prettier-ignore
  }
}
