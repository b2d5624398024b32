/**
 * Gathers what several parts have to say, in the order in which it comes up. What a part has to say only ever grows.
 *
 * @example
 * const notices = new Notices();
 * const all = notices.gather([frontEnd.notices, backend.notices]);
 */
export class Notices {
  readonly #all: string[] = [];
  #counted: readonly number[] = [];

  /** @param parts oldest first each; the same parts at every call */
  gather(parts: readonly (readonly string[])[]): readonly string[] {
    parts.forEach((notices, i) => this.#all.push(...notices.slice(this.#counted[i] ?? 0)));
    this.#counted = parts.map(({ length }) => length);
    return this.#all;
  }
}
