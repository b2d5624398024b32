/**
 * Warnings without repetitions and without end: a bag with a million bad messages must not fill memory with them.
 *
 * @example
 * const warnings = new WarningList();
 * warnings.add('The index is damaged; the file is read from front to back.');
 * console.log(warnings.list);
 */
export class WarningList {
  static readonly LIMIT = 100;
  readonly #seen = new Set<string>();
  readonly #list: string[] = [];

  get list(): readonly string[] {
    return this.#list;
  }

  add(text: string): void {
    if (this.#seen.has(text) || this.#seen.size > WarningList.LIMIT) return;
    this.#seen.add(text);
    this.#list.push(this.#seen.size > WarningList.LIMIT ? 'more warnings follow and are not listed' : text);
  }
}
