import { Vector3 } from 'three';
import type { Settings } from '../model/settings.js';
import { rampTexels } from '../scene/palette.js';
import type { SceneView } from '../scene/view.js';
import { el, setText } from './dom.js';
import { clock, length, scaleBar } from './format.js';

/**
 * What lies over the picture in its corner: scale bar, orientation, legend; and the label of a measurement.
 *
 * @example
 * const overlays = new Overlays();
 * document.body.append(overlays.element);
 * overlays.update(view, settings.current, session.ages);
 */
export class Overlays {
  readonly element: HTMLElement;
  readonly label = el('output', { class: 'distance', 'aria-live': 'polite' });
  readonly #bar = el('div', { class: 'bar' });
  readonly #barText = el('span', {});
  readonly #legend: HTMLElement;
  readonly #ramp: HTMLCanvasElement;
  readonly #low = el('span', {});
  readonly #high = el('span', {});
  readonly #legendTitle = el('span', { class: 'title' });
  readonly #axes: SVGGElement[] = [];
  #painted = '';

  constructor() {
    this.#ramp = el('canvas', { width: '256', height: '1', 'aria-hidden': 'true' });
    this.#legend = el(
      'div',
      { class: 'ramp' },
      this.#legendTitle,
      this.#ramp,
      el('div', { class: 'ends' }, this.#low, this.#high),
    );
    this.element = el(
      'div',
      { class: 'corner' },
      this.#compass(),
      el(
        'div',
        {},
        this.#legend,
        el('div', { class: 'scale', title: 'Scale at what the camera looks at' }, this.#bar, this.#barText),
      ),
    );
    this.label.hidden = true;
  }

  /** @param ages seconds since the first scan of the oldest and newest surface */
  update(view: SceneView, settings: Settings, ages: readonly [number, number]): void {
    const scale = scaleBar(view.rig.metresPerPixel, 130);
    this.#bar.style.width = `${scale.pixels.toFixed(1)}px`;
    setText(this.#barText, length(scale.metres));
    this.#updateLegend(view, settings, ages);
    this.#turnCompass(view);
    const { points, distance } = view.measure;
    this.label.hidden = distance === undefined;
    if (distance === undefined) return;
    const place = view.project(points[0]!.clone().lerp(points[1]!, 0.5));
    this.label.hidden = !place;
    if (!place) return;
    const rise = Math.abs(points[1]!.z - points[0]!.z);
    setText(this.label, `${length(distance)}  (height ${length(rise)})`);
    this.label.style.transform = `translate(-50%, -140%) translate(${place.x.toFixed(1)}px, ${place.y.toFixed(1)}px)`;
  }

  #updateLegend(view: SceneView, settings: Settings, ages: readonly [number, number]): void {
    const { shading } = view;
    const { ramp } = settings;
    this.#legend.hidden = (shading !== 'height' && shading !== 'age') || view.groups.statistics.blocks === 0;
    const name = shading === 'age' ? 'age' : ramp;
    if (this.#painted !== name) {
      this.#painted = name;
      const context = this.#ramp.getContext('2d')!;
      const image = context.createImageData(256, 1);
      image.data.set(rampTexels(name));
      context.putImageData(image, 0, 0);
    }
    if (shading === 'age') {
      setText(this.#legendTitle, 'First mapped');
      setText(this.#low, clock(ages[0]));
      setText(this.#high, clock(ages[1]));
    } else {
      setText(this.#legendTitle, 'Height');
      setText(this.#low, `${view.heights[0].toFixed(1)} m`);
      setText(this.#high, `${view.heights[1].toFixed(1)} m`);
    }
  }

  #compass(): SVGSVGElement {
    const ns = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(ns, 'svg');
    svg.setAttribute('viewBox', '-30 -30 60 60');
    svg.classList.add('compass');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', 'Axes: x forward at the start, y left, z up');
    for (const axis of ['x', 'y', 'z']) {
      const group = document.createElementNS(ns, 'g');
      group.classList.add(`axis-${axis}`);
      const line = document.createElementNS(ns, 'line');
      const text = document.createElementNS(ns, 'text');
      text.textContent = axis;
      group.append(line, text);
      svg.append(group);
      this.#axes.push(group);
    }
    return svg;
  }

  #turnCompass(view: SceneView): void {
    const inverse = view.rig.camera.matrixWorldInverse;
    const order: [number, SVGGElement][] = [];
    this.#axes.forEach((group, k) => {
      const v = new Vector3(k === 0 ? 1 : 0, k === 1 ? 1 : 0, k === 2 ? 1 : 0).transformDirection(inverse);
      const [line, text] = [group.children[0]!, group.children[1]!];
      line.setAttribute('x2', (20 * v.x).toFixed(1));
      line.setAttribute('y2', (-20 * v.y).toFixed(1));
      text.setAttribute('x', (26 * v.x).toFixed(1));
      text.setAttribute('y', (-26 * v.y).toFixed(1));
      order.push([v.z, group]);
    });
    order.sort((a, b) => a[0] - b[0]);
    const svg = this.#axes[0]!.parentNode!;
    // Nearer axes are drawn over farther ones.
    if ([...svg.children].some((child, i) => child !== order[i]![1]))
      svg.append(...order.map(([, group]) => group));
  }
}
