import type { CameraMode, SettingsStore } from '../model/settings.js';
import { ICONS, el, iconButton } from './dom.js';
import { nextTheme } from './theme.js';

/** What the buttons of the rail do beyond changing a setting. */
export interface RailActions {
  readonly setCamera: (mode: CameraMode) => void;
  readonly fit: () => void;
  readonly help: () => void;
  /** Entries of the download menu. */
  readonly downloads: readonly (readonly [label: string, run: () => void])[];
}

/** The buttons beside the picture: camera, tools, page. @param tools the buttons of what a click on the surface does */
export function toolRail(
  settings: SettingsStore,
  tools: readonly HTMLButtonElement[],
  { setCamera, fit, help, downloads }: RailActions,
): HTMLElement {
  const camera = (mode: CameraMode, label: string, key: string): HTMLButtonElement => {
    const button = iconButton(ICONS[mode], label, key, () => setCamera(mode));
    settings.subscribe((now) => button.setAttribute('aria-pressed', String(mode === now.camera)));
    return button;
  };
  const flip = (name: 'slice' | 'panel', label: string, key: string): HTMLButtonElement => {
    const button = iconButton(ICONS[name], label, key, () =>
      settings.set({ [name]: !settings.current[name] }),
    );
    settings.subscribe((now) => button.setAttribute('aria-pressed', String(now[name])));
    return button;
  };
  const download = iconButton(ICONS.download, 'Download', '', () => undefined);
  download.setAttribute('popovertarget', 'downloads');
  const menu = el('div', { class: 'menu', popover: 'auto', id: 'downloads' });
  menu.append(...downloads.map(([label, run]) => menuItem(label, run)));
  const group = (label: string, ...buttons: HTMLElement[]): HTMLElement =>
    el('div', { class: 'group', role: 'group', 'aria-label': label }, ...buttons);
  return el(
    'nav',
    { class: 'rail', 'aria-label': 'Tools' },
    group(
      'Camera',
      camera('orbit', 'Orbit camera', 'O'),
      camera('follow', 'Follow the robot', 'F'),
      camera('top', 'From above', 'P'),
      iconButton(ICONS.fit, 'Everything in view', 'R', fit),
    ),
    group('Tools', ...tools, flip('slice', 'Slicing plane', 'C'), download, menu),
    group(
      'Page',
      iconButton(ICONS.theme, 'Dark and light', 'D', () =>
        settings.set({ theme: nextTheme(settings.current.theme) }),
      ),
      flip('panel', 'Panel', 'I'),
      iconButton(ICONS.help, 'Help', '?', help),
    ),
  );
}

function menuItem(label: string, run: () => void): HTMLButtonElement {
  const button = el(
    'button',
    { type: 'button', popovertarget: 'downloads', popovertargetaction: 'hide' },
    label,
  );
  button.addEventListener('click', run);
  return button;
}
