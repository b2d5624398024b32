import type { LinkStatus } from '../net/connection.js';
import { el, setText } from './dom.js';

/**
 * Says in a sentence when there is no connection and what happens about it; otherwise it is not there.
 *
 * @example
 * const banner = new LinkBanner(() => connection.open());
 * document.body.append(banner.element);
 * banner.update(status);
 */
export class LinkBanner {
  readonly element: HTMLElement;
  readonly #text = el('span', {});
  readonly #bar = el('progress', { max: '1', 'aria-label': 'Loading the map' });
  readonly #now: HTMLButtonElement;
  #status: LinkStatus | undefined;
  #since = 0;

  /** @param retry tries to connect now */
  constructor(retry: () => void) {
    this.#now = el('button', { type: 'button' }, 'Try now');
    this.#now.addEventListener('click', retry);
    this.element = el('div', { class: 'banner', role: 'status' }, this.#text, this.#bar, this.#now);
    this.element.hidden = true;
    this.#bar.hidden = true;
  }

  update(status: LinkStatus): void {
    if (status.state !== this.#status?.state) this.#since = performance.now();
    this.#status = status;
  }

  /** Once a frame: the text counts down, and loading shows its progress. */
  tick(loading: boolean, blocks: number, expected: number): void {
    const status = this.#status;
    if (!status) return;
    const text = bannerText(status, performance.now());
    // Connecting takes an instant mostly; a banner that only flashes would unsettle.
    const early = status.state === 'connecting' && !status.again && performance.now() - this.#since < 700;
    const busy = status.state === 'open' && loading && expected > 400;
    this.element.hidden = early || (text === '' && !busy);
    this.#bar.hidden = !busy;
    if (busy) this.#bar.value = Math.min(1, blocks / expected);
    setText(this.#text, busy ? 'Loading the map' : text);
    this.#now.hidden = status.state !== 'waiting';
    this.element.dataset['state'] = status.state;
  }
}

/** The banner's sentence; empty while all is well. */
export function bannerText(status: LinkStatus, now: number): string {
  switch (status.state) {
    case 'open':
      return '';
    case 'connecting':
      return status.again ? 'Connection lost; connecting again …' : 'Connecting …';
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil(((status.retryAt ?? now) - now) / 1000));
      const what = status.again ? 'Connection lost' : 'Feltmap does not answer';
      const why = status.reason ? ` (${status.reason.replace(/\.$/, '')})` : '';
      return `${what}${why}; next attempt in ${seconds} s. ${status.again ? 'What you see is the last state.' : ''}`.trim();
    }
    case 'refused':
      return 'The token is missing or wrong: open the whole address that Feltmap printed, with its token.';
    case 'outdated':
      return 'Page and server are of different versions; reload this page.';
  }
}
