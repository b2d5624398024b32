import type { StatusFrame } from '../../protocol/index.js';
import type { Settings, SettingsStore } from '../model/settings.js';
import { SHADINGS, shadingOf } from '../scene/shading.js';
import { segmented, slider, toggle, type Toggle } from './controls.js';
import { el, setText } from './dom.js';
import { ObjectsCard, type ObjectActions } from './objects-card.js';
import { bytes, compact, length } from './format.js';

const STAGES = ['prepare', 'track', 'map', 'optimise', 'mesh'] as const;
const STATE_TEXT = { tracking: 'Tracking', degraded: 'Degraded', lost: 'Lost' } as const;
const HISTORY = 90;

/** What the page itself knows, beside the server's status. */
export interface ClientFacts {
  readonly blocks: number;
  readonly triangles: number;
  readonly calls: number;
  readonly drawn: number;
  readonly frameMs: number;
  /** The slicing plane's place along its axis, metres. */
  readonly slice: number;
  readonly hasColours: boolean;
}

/**
 * The column of figures and switches.
 *
 * @example
 * const panel = new Panel(settings, { again, clear, download });
 * document.body.append(panel.element);
 * panel.update(session.status, facts);
 */
export class Panel {
  readonly element: HTMLElement;
  readonly #state = el('strong', { class: 'state' }, '–');
  readonly #reason = el('p', { class: 'reason' });
  readonly #rate = el('b', {}, '–');
  readonly #latency = el('b', {}, '–');
  readonly #bars = new Map<string, HTMLElement>();
  readonly #stageText = new Map<string, HTMLElement>();
  readonly #figures = new Map<string, HTMLElement>();
  readonly #spark: SVGPolylineElement;
  readonly #history: number[] = [];
  readonly #refresh: ((settings: Settings) => void)[] = [];
  readonly images = el('div', { class: 'images' });
  readonly objects: ObjectsCard;
  readonly #imagesCard: HTMLElement;
  #noteColour: (text: string | undefined) => void = () => undefined;
  #sliceText = '';
  #hasColours = false;
  #setSlice: (value: number, text: string) => void = () => undefined;

  constructor(
    private readonly settings: SettingsStore,
    actions: ObjectActions,
  ) {
    this.objects = new ObjectsCard(actions);
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 120 28');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    svg.classList.add('spark');
    this.#spark = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
    svg.append(this.#spark);

    this.#imagesCard = card('Pictures', this.images);
    this.#imagesCard.hidden = true;
    this.element = el(
      'aside',
      { class: 'panel', id: 'panel', 'aria-label': 'Figures and settings' },
      el(
        'section',
        { class: 'card', 'aria-label': 'Tracking' },
        el('div', { class: 'headline' }, this.#state, el('span', { class: 'big' }, this.#rate, ' scans/s')),
        this.#reason,
        svg,
        el('div', { class: 'row' }, el('span', {}, 'Time per scan'), this.#latency),
        this.#stages(),
      ),
      card('Map', this.#figureGrid()),
      card('Surface', ...this.#surfaceControls()),
      card('Show', this.#switches()),
      card('Slice', ...this.#sliceControls()),
      this.objects.element,
      this.#imagesCard,
    );
    settings.subscribe(() => this.#refreshAll());
  }

  #refreshAll(): void {
    for (const refresh of this.#refresh) refresh(this.settings.current);
  }

  update(status: StatusFrame | undefined, facts: ClientFacts): void {
    if (facts.hasColours !== this.#hasColours) {
      this.#hasColours = facts.hasColours;
      this.#refreshAll();
    }
    this.#noteColour(
      facts.triangles > 0 && !facts.hasColours ? 'This map has no colours; it is shown plain' : undefined,
    );
    this.#sliceText = `${facts.slice.toFixed(2)} m`;
    this.#setSlice(this.settings.current.sliceAt, this.#sliceText);
    this.#figure('Drawn', `${compact(facts.drawn)} △, ${facts.calls} calls`);
    this.#figure('Frame', facts.frameMs > 0 ? `${facts.frameMs.toFixed(0)} ms` : 'idle');
    if (!status) return;
    setText(this.#state, STATE_TEXT[status.state]);
    this.#state.dataset['state'] = status.state;
    setText(this.#reason, status.reason);
    setText(this.#rate, status.scanRate > 0 ? status.scanRate.toFixed(1) : '–');
    const total = status.latency['total'] ?? 0;
    setText(this.#latency, total > 0 ? `${total.toFixed(0)} ms` : '–');
    for (const stage of STAGES) {
      const ms = status.latency[stage] ?? 0;
      // The custom property is set by script, which a strict Content-Security-Policy allows; style attributes are not.
      this.#bars.get(stage)!.style.setProperty('--share', String(total > 0 ? ms / total : 0));
      setText(this.#stageText.get(stage)!, ms > 0 ? ms.toFixed(ms < 10 ? 1 : 0) : '–');
    }
    this.#figure('Scans', compact(status.scans));
    this.#figure('Dropped', compact(status.droppedScans), status.droppedScans > 0 ? 'warn' : '');
    this.#figure('Distance', length(status.distance));
    this.#figure('Keyframes', compact(status.keyframes));
    this.#figure('Voxels', compact(status.voxels));
    this.#figure('Triangles', compact(status.triangles));
    this.#figure('Map memory', bytes(status.mapMemory));
    this.#figure('Process', bytes(status.processMemory));
    this.#figure('Received', `${bytes(status.bytesPerSecond)}/s`);
    this.#figure('In all', bytes(status.bytesSent));
  }

  /** One more scan took so long (ms). */
  addLatency(ms: number): void {
    if (!(ms > 0)) return;
    this.#history.push(ms);
    if (this.#history.length > HISTORY) this.#history.shift();
    const top = Math.max(...this.#history) * 1.1;
    const points = this.#history.map(
      (v, i) => `${((120 * i) / (HISTORY - 1)).toFixed(1)},${(27 - (26 * v) / top).toFixed(1)}`,
    );
    this.#spark.setAttribute('points', points.join(' '));
  }

  showImages(on: boolean): void {
    this.#imagesCard.hidden = !on;
  }

  #figure(name: string, text: string, kind = ''): void {
    const element = this.#figures.get(name);
    if (!element) return;
    setText(element, text);
    if (element.className !== kind) element.className = kind;
  }

  #figureGrid(): HTMLElement {
    const names = [
      'Scans',
      'Dropped',
      'Distance',
      'Keyframes',
      'Voxels',
      'Triangles',
      'Map memory',
      'Process',
      'Received',
      'In all',
      'Drawn',
      'Frame',
    ];
    const list = el('dl', { class: 'figures' });
    for (const name of names) {
      const value = el('dd', {}, '–');
      this.#figures.set(name, value);
      list.append(el('div', {}, el('dt', {}, name), value));
    }
    return list;
  }

  #stages(): HTMLElement {
    const bar = el('div', { class: 'stages', 'aria-hidden': 'true' });
    const legend = el('ul', { class: 'legend' });
    for (const stage of STAGES) {
      const piece = el('i', { class: `stage-${stage}` });
      this.#bars.set(stage, piece);
      bar.append(piece);
      const text = el('b', {}, '–');
      this.#stageText.set(stage, text);
      legend.append(el('li', {}, el('i', { class: `stage-${stage}` }), `${stage} `, text));
    }
    return el('div', {}, bar, legend);
  }

  #surfaceControls(): HTMLElement[] {
    const shading = segmented(
      'Shading',
      SHADINGS.map((name) => [name, name[0]!.toUpperCase() + name.slice(1)] as const),
      (value) => this.settings.set({ shading: value }),
    );
    const ramp = segmented(
      'Colours of height',
      [
        ['terrain', 'Terrain'],
        ['viridis', 'Viridis'],
        ['turbo', 'Turbo'],
      ] as const,
      (value) => this.settings.set({ ramp: value }),
    );
    const opacity = slider('Opacity', { min: 0.05, max: 1, step: 0.05 }, (value) =>
      this.settings.set({ opacity: value }),
    );
    const points = slider('Point size', { min: 1, max: 8, step: 0.5 }, (value) =>
      this.settings.set({ pointSize: value }),
    );
    this.#noteColour = (text) => shading.note('colour', text);
    this.#refresh.push((s) => {
      const shown = shadingOf(s.shading, this.#hasColours);
      shading.set(shown);
      ramp.set(s.ramp);
      ramp.element.hidden = shown !== 'height';
      opacity.set(s.opacity, `${Math.round(100 * s.opacity)} %`);
      points.set(s.pointSize, `${s.pointSize} px`);
    });
    return [shading.element, ramp.element, opacity.element, points.element];
  }

  #switches(): HTMLElement {
    const list = [
      ['scan', 'Current scan', 'S'],
      ['path', 'Trajectory', 'T'],
      ['keyframes', 'Keyframes', 'K'],
      ['axes', 'Robot axes', 'X'],
      ['touches', 'Touches', ''],
      ['objects', 'Completed objects', ''],
      ['grid', 'Grid', 'G'],
      ['ambient', 'Soft shadows', 'A'],
      ['images', 'Pictures', ''],
    ] as const;
    const toggles = list.map(([name, label, key]): [(typeof list)[number][0], Toggle] => [
      name,
      toggle(label, key, (on) => this.settings.set({ [name]: on })),
    ]);
    this.#refresh.push((s) => {
      for (const [name, control] of toggles) control.set(s[name]);
    });
    return el('div', { class: 'switches' }, ...toggles.map(([, control]) => control.element));
  }

  #sliceControls(): HTMLElement[] {
    const on = toggle('Cut the surface open', 'C', (value) => this.settings.set({ slice: value }));
    const axis = segmented(
      'Axis of the slice',
      [
        ['x', 'x'],
        ['y', 'y'],
        ['z', 'z (height)'],
      ] as const,
      (value) => this.settings.set({ sliceAxis: value }),
    );
    const at = slider('Plane at', { min: 0, max: 1, step: 0.002 }, (value) =>
      this.settings.set({ sliceAt: value, slice: true }),
    );
    const flip = toggle('Keep the other side', '', (value) => this.settings.set({ sliceFlip: value }));
    this.#setSlice = (value, text) => at.set(value, text);
    this.#refresh.push((s) => {
      on.set(s.slice);
      axis.set(s.sliceAxis);
      at.set(s.sliceAt, this.#sliceText);
      flip.set(s.sliceFlip);
    });
    return [on.element, axis.element, at.element, flip.element];
  }
}

function card(title: string, ...children: Node[]): HTMLElement {
  return el('section', { class: 'card' }, el('h2', {}, title), ...children);
}
