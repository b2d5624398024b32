import { sigmaColors } from '../../completion/sigma-colors.js';
import type { CompleteFrame } from '../../viewer/protocol/index.js';
import type { ViewerSink } from '../../viewer/server/source.js';
import { SIGMA_RANGE } from '../completion/complete-surface.js';
import type { ObjectCompleter, ObjectEvent } from '../completion/object-completer.js';

/** Side of the box around a point that somebody clicked, unless it is set (m). */
export const OBJECT_BOX = 0.2;

export interface ShownObjectsOptions {
  readonly completer: ObjectCompleter;
  /** Side of the box around a point that somebody chose (m). */
  readonly size: () => number;
}

/**
 * Completed objects in the viewer, and what its users ask for.
 *
 * @example
 * const shown = new ShownObjects(server, { completer, size: () => 0.2 });
 * shown.handle({ type: 'complete', action: 'around', point: [0.4, 0, 0.1] });
 * shown.close();
 */
export class ShownObjects {
  readonly #end: () => void;
  /** Objects whose failure was told: not again with every change of the map. */
  readonly #told = new Set<number>();

  constructor(
    private readonly sink: Pick<ViewerSink, 'object' | 'removeObject' | 'notice'>,
    private readonly options: ShownObjectsOptions,
  ) {
    this.#end = options.completer.listen((event) => this.#take(event));
  }

  handle({ action, point }: CompleteFrame): void {
    const { completer, size } = this.options;
    this.#told.clear();
    if (action === 'clear') completer.clear();
    else if (action === 'again') void completer.completeAll();
    else
      try {
        completer.addAround(point, size());
      } catch (error) {
        this.sink.notice('warning', error instanceof Error ? error.message : String(error));
      }
  }

  /** The completer goes on without. */
  close(): void {
    this.#end();
  }

  #take(event: ObjectEvent): void {
    const { id } = event;
    if (event.type === 'object-gone') this.sink.removeObject(id);
    else if (event.type === 'object') {
      const { positions, normals, indices, sigmas } = event.object.mesh;
      this.#told.delete(id);
      const colors = sigmaColors(sigmas, SIGMA_RANGE);
      this.sink.object({ id, positions, normals: normals ?? up(positions.length), colors, indices });
    } else if (!this.#told.has(id)) {
      this.#told.add(id);
      this.sink.notice('warning', `Object ${id} is not completed: ${event.error.message}`);
    }
  }
}

function up(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (i % 3 === 2 ? 1 : 0));
}
