import { el } from './dom.js';

/** One of several choices in a row. */
export interface Choice<T extends string> {
  readonly element: HTMLElement;
  set(value: T): void;
  /** Takes a choice away for now, with the reason as its title; undefined brings it back. */
  note(value: T, text: string | undefined): void;
}

/** Radio buttons that look like one segmented bar; the keyboard moves between them as between radio buttons. */
export function segmented<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  onChange: (value: T) => void,
): Choice<T> {
  const name = `choice-${label.toLowerCase().replaceAll(/\W+/g, '-')}`;
  const inputs = new Map<T, HTMLInputElement>();
  const element = el('fieldset', { class: 'segmented' }, el('legend', { class: 'unseen' }, label));
  for (const [value, text] of options) {
    const input = el('input', { type: 'radio', name, value });
    input.addEventListener('change', () => onChange(value));
    inputs.set(value, input);
    element.append(el('label', {}, input, el('span', {}, text)));
  }
  return {
    element,
    set: (value) => {
      const input = inputs.get(value);
      if (input) input.checked = true;
    },
    note: (value, text) => {
      const input = inputs.get(value);
      if (input) input.disabled = text !== undefined;
      const parent = input?.parentElement;
      parent?.classList.toggle('faint', text !== undefined);
      if (text === undefined) parent?.removeAttribute('title');
      else parent?.setAttribute('title', text);
    },
  };
}

export interface Toggle {
  readonly element: HTMLElement;
  set(on: boolean): void;
}

/** A switch with its label. */
export function toggle(label: string, key: string, onChange: (on: boolean) => void): Toggle {
  const input = el('input', { type: 'checkbox', role: 'switch' });
  input.addEventListener('change', () => onChange(input.checked));
  const element = el('label', { class: 'switch', ...(key ? { title: `Key ${key}` } : {}) }, input, label);
  return { element, set: (on) => (input.checked = on) };
}

export interface Slider {
  readonly element: HTMLElement;
  set(value: number, text: string): void;
}

/** A slider with its label and value. */
export function slider(
  label: string,
  range: { min: number; max: number; step: number },
  onChange: (value: number) => void,
): Slider {
  const input = el('input', {
    type: 'range',
    min: String(range.min),
    max: String(range.max),
    step: String(range.step),
  });
  const value = el('output', {});
  input.addEventListener('input', () => onChange(input.valueAsNumber));
  return {
    element: el('label', { class: 'slider' }, el('span', {}, label), value, input),
    set: (number, text) => {
      if (input.valueAsNumber !== number) input.value = String(number);
      value.textContent = text;
      input.setAttribute('aria-valuetext', text);
    },
  };
}
