/** Actions that keys stand for. */
export interface Actions {
  readonly toggleReplay: () => void;
  readonly shading: (index: number) => void;
  readonly camera: (mode: 'orbit' | 'follow' | 'top') => void;
  readonly fit: () => void;
  readonly measure: () => void;
  readonly complete: () => void;
  readonly flip: (
    name: 'slice' | 'scan' | 'path' | 'keyframes' | 'axes' | 'grid' | 'ambient' | 'panel',
  ) => void;
  readonly moveSlice: (by: number) => void;
  readonly theme: () => void;
  readonly help: () => void;
  readonly escape: () => void;
}

/** What a key does; undefined for keys without meaning here. */
export function actionFor(key: string, actions: Actions): (() => void) | undefined {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case ' ':
      return actions.toggleReplay;
    case '1':
    case '2':
    case '3':
    case '4':
      return () => actions.shading(Number(key) - 1);
    case 'o':
      return () => actions.camera('orbit');
    case 'f':
      return () => actions.camera('follow');
    case 'p':
      return () => actions.camera('top');
    case 'r':
      return actions.fit;
    case 'm':
      return actions.measure;
    case 'e':
      return actions.complete;
    case 'c':
      return () => actions.flip('slice');
    case '[':
      return () => actions.moveSlice(-0.02);
    case ']':
      return () => actions.moveSlice(0.02);
    case 's':
      return () => actions.flip('scan');
    case 't':
      return () => actions.flip('path');
    case 'k':
      return () => actions.flip('keyframes');
    case 'x':
      return () => actions.flip('axes');
    case 'g':
      return () => actions.flip('grid');
    case 'a':
      return () => actions.flip('ambient');
    case 'i':
      return () => actions.flip('panel');
    case 'd':
      return actions.theme;
    case '?':
    case 'h':
      return actions.help;
    case 'Escape':
      return actions.escape;
    default:
      return undefined;
  }
}

/** Listens to keys that are not meant for a control. */
export function listenToKeys(actions: Actions): void {
  window.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : undefined;
    if (target?.closest('input:not([type=checkbox]):not([type=radio]), select, textarea, dialog[open]'))
      return;
    // Space presses the button or switch that has the focus.
    if (event.key === ' ' && target?.closest('button, input, a, summary')) return;
    const action = actionFor(event.key, actions);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
