type Child = Node | string | undefined;

/**
 * An element with attributes and children. Strings become text, never markup: what a recording says cannot run.
 *
 * @param attributes `class`, `title`, `aria-…` and the like; `true` for a bare attribute, `false` for none
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A line drawing on a 24×24 field. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/** A button with an icon; the label is read aloud and shown on hover, with its key. */
export function iconButton(path: string, label: string, key: string, onClick: () => void): HTMLButtonElement {
  const button = el('button', {
    type: 'button',
    class: 'icon',
    'aria-label': label,
    title: key ? `${label} (${key})` : label,
  });
  button.append(icon(path));
  button.addEventListener('click', onClick);
  return button;
}

/** Sets text only when it differs: the panel is refreshed often and changes little. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export const ICONS = {
  orbit: 'M12 3a9 9 0 1 0 9 9M12 8a4 4 0 1 0 4 4M17 3l4 1-1 4',
  follow: 'M12 3l6 16-6-4-6 4z',
  top: 'M4 4h16v16H4zM4 12h16M12 4v16',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9 9h6v6H9z',
  measure: 'M3 16 16 3l5 5L8 21zM7 12l2 2M10 9l3 3M13 6l2 2',
  complete: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  slice: 'M3 14l9 5 9-5M3 9l9 5 9-5-9-5z',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  camera: 'M4 8h4l2-3h4l2 3h4v11H4zM12 16.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6',
  help: 'M9.2 9a3 3 0 1 1 4 2.8c-.8.4-1.2 1-1.2 1.9M12 17.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18',
  theme: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  panel: 'M4 5h16v14H4zM14.5 5v14',
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M8 5v14M16 5v14',
  close: 'M6 6l12 12M18 6 6 18',
} as const;
