import type { Theme } from '../model/settings.js';

const dark = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)');

/** The theme to show for a choice: `auto` goes with the system. */
export function currentTheme(theme: Theme): 'dark' | 'light' {
  if (theme !== 'auto') return theme;
  return dark().matches ? 'dark' : 'light';
}

/** The other theme; the system's own becomes `auto` again. */
export function nextTheme(theme: Theme): Theme {
  const next = currentTheme(theme) === 'dark' ? 'light' : 'dark';
  return next === currentTheme('auto') ? 'auto' : next;
}

export function watchTheme(listener: () => void): void {
  dark().addEventListener('change', listener);
}
