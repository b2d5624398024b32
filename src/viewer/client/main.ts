import './style.css';
import type { FeltmapState } from './test-state.js';
import { el } from './ui/dom.js';

declare global {
  interface Window {
    /** State of the page, read-only. */
    readonly feltmap?: FeltmapState;
  }
}

const root = document.getElementById('app')!;

if (hasWebGl2()) {
  try {
    const { App } = await import('./app.js');
    const app = new App(root);
    Object.defineProperty(window, 'feltmap', { get: () => app.state });
  } catch (error) {
    console.error(error);
    say('The viewer could not start; reload the page, or try another browser.');
  }
} else {
  say(
    'This page draws the map with WebGL 2, which this browser does not offer: switch on hardware acceleration, or use a current Firefox, Chrome, Edge or Safari.',
  );
}

function hasWebGl2(): boolean {
  try {
    const context = document.createElement('canvas').getContext('webgl2');
    // Give the context back at once: browsers allow only a few.
    context?.getExtension('WEBGL_lose_context')?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

/** One sentence instead of the map. */
function say(text: string): void {
  root.replaceChildren(el('p', { class: 'sentence', role: 'alert' }, text));
}
