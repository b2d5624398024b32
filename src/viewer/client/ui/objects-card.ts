import { el, setText } from './dom.js';

export interface ObjectActions {
  readonly again: () => void;
  readonly clear: () => void;
  readonly download: () => void;
}

/**
 * The panel's part about completed objects; not there where none are and none can be made.
 *
 * @example
 * const card = new ObjectsCard({ again, clear, download });
 * card.update(2, true);
 */
export class ObjectsCard {
  readonly element: HTMLElement;
  readonly #count = el('p', { class: 'reason' });
  readonly #again: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #download: HTMLButtonElement;

  constructor({ again, clear, download }: ObjectActions) {
    this.#again = button('Complete again', again);
    this.#clear = button('Clear', clear);
    this.#download = button('Save objects (GLB)', download);
    this.element = el(
      'section',
      { class: 'card', hidden: true },
      el('h2', {}, 'Objects'),
      this.#count,
      el('div', { class: 'actions' }, this.#again, this.#clear, this.#download),
    );
  }

  /** @param can whether the server completes objects */
  update(count: number, can: boolean): void {
    this.element.hidden = count === 0 && !can;
    const how = 'Blue where the surface is sure, red where it may be 10 mm off or more.';
    setText(
      this.#count,
      count === 0 ? 'None yet: key E, then a click on an object.' : `${count} completed. ${how}`,
    );
    this.#again.hidden = this.#clear.hidden = !can;
    for (const control of [this.#again, this.#clear, this.#download]) control.disabled = count === 0;
  }
}

function button(label: string, run: () => void): HTMLButtonElement {
  const element = el('button', { type: 'button', class: 'primary' }, label);
  element.addEventListener('click', run);
  return element;
}
