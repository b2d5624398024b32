import type { ClientFrame, HelloFrame, StatusFrame } from '../../protocol/index.js';
import { ICONS, el, icon, setText } from './dom.js';
import { clock } from './format.js';

const SPEEDS = [0, 0.25, 0.5, 1, 2, 5, 10] as const;

/**
 * Progress of a recording, pause and speed.
 *
 * @example
 * const bar = new ReplayBar((frame) => connection.send(frame));
 * bar.hello(hello);
 * bar.toggle(); // pause or go on
 */
export class ReplayBar {
  readonly element: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #progress = el('progress', { max: '1', 'aria-label': 'Progress of the recording' });
  readonly #time = el('span', { class: 'time' });
  readonly #speed: HTMLSelectElement;
  #paused = false;
  #can = { pause: false, speed: false };

  constructor(private readonly send: (frame: ClientFrame) => void) {
    this.#play = el('button', {
      type: 'button',
      class: 'icon play',
      'aria-label': 'Pause',
      title: 'Pause (Space)',
    });
    this.#play.addEventListener('click', () => this.toggle());
    this.#speed = el('select', { 'aria-label': 'Speed', title: 'Speed of the replay' });
    for (const speed of SPEEDS)
      this.#speed.append(el('option', { value: String(speed) }, speed === 0 ? 'max' : `${speed}×`));
    this.#speed.addEventListener('change', () => {
      this.send({ type: 'control', command: 'speed', value: Number(this.#speed.value) });
      this.#speed.blur();
    });
    this.element = el(
      'section',
      { class: 'replay', 'aria-label': 'Replay' },
      this.#play,
      this.#progress,
      this.#time,
      this.#speed,
    );
    this.element.hidden = true;
    this.#paint();
  }

  get paused(): boolean {
    return this.#paused;
  }

  hello(hello: HelloFrame): void {
    this.#can = hello.can;
    this.element.hidden = hello.mode !== 'replay';
    this.#play.hidden = !hello.can.pause;
    this.#speed.hidden = !hello.can.speed;
  }

  update(status: StatusFrame): void {
    const { replay, phase, scans } = status;
    if (!replay) return;
    this.element.hidden = false;
    this.#paused = replay.paused;
    const finished = phase === 'finished';
    if (finished) this.#progress.value = 1;
    else if (replay.total) this.#progress.value = Math.min(1, scans / replay.total);
    else this.#progress.removeAttribute('value');
    const of = replay.total ? ` · ${scans} / ${replay.total}` : ` · ${scans}`;
    setText(
      this.#time,
      finished ? `${clock(replay.position)} · ${scans} scans` : clock(replay.position) + of,
    );
    this.#play.disabled = finished;
    const value = String(replay.speed);
    if (document.activeElement !== this.#speed) {
      if (![...this.#speed.options].some((option) => option.value === value))
        this.#speed.append(el('option', { value }, `${replay.speed}×`));
      this.#speed.value = value;
    }
    this.#speed.disabled = finished;
    this.#paint();
  }

  /** Pauses, or goes on. */
  toggle(): void {
    if (!this.#can.pause || this.#play.disabled) return;
    this.send({ type: 'control', command: this.#paused ? 'resume' : 'pause', value: 0 });
  }

  #paint(): void {
    const label = this.#paused ? 'Go on' : 'Pause';
    if (this.#play.getAttribute('aria-label') === label && this.#play.firstChild) return;
    this.#play.setAttribute('aria-label', label);
    this.#play.title = `${label} (Space)`;
    this.#play.replaceChildren(icon(this.#paused ? ICONS.play : ICONS.pause));
  }
}
