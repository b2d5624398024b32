import type { SlamEvent, SlamListener } from './events.js';

/**
 * Hands every event to all who listen, in order. What a listener throws comes out of {@link EventStream.emit}.
 *
 * @example
 * const events = new EventStream();
 * const stop = events.listen(({ type }) => console.log(type));
 * events.emit(poseEvent);
 * stop();
 */
export class EventStream {
  readonly #listeners = new Set<SlamListener>();

  /** @returns a function that ends the listening */
  listen(listener: SlamListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: SlamEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
