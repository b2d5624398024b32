import { el } from './dom.js';

/**
 * Sentences that come and go; errors stay until they are closed.
 *
 * @example
 * const toasts = new Toasts();
 * document.body.append(toasts.element);
 * toasts.show('info', 'The map starts anew.');
 */
export class Toasts {
  readonly element = el('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

  show(level: 'info' | 'warning' | 'error', text: string): void {
    const same = [...this.element.children].find((child) => child.getAttribute('data-text') === text);
    same?.remove();
    const close = el('button', { type: 'button', 'aria-label': 'Close this message' }, '×');
    const toast = el('div', { class: `toast ${level}`, 'data-text': text }, el('span', {}, text), close);
    close.addEventListener('click', () => toast.remove());
    this.element.append(toast);
    while (this.element.children.length > 4) this.element.firstElementChild!.remove();
    if (level !== 'error') setTimeout(() => toast.remove(), level === 'info' ? 4500 : 12_000);
  }
}
