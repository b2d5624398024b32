/** What the pointer does on the map, besides moving the camera. Places in CSS pixels from the canvas's corner. */
export interface PointerActions {
  click(x: number, y: number): void;
  doubleClick(x: number, y: number): void;
}

/** A pointer that has moved farther (CSS pixels) has turned the camera: that is no click. */
const DRAG_PIXELS = 6;

/** Calls the actions for clicks of the first button and double clicks on the canvas. */
export function listenToPointer(canvas: HTMLCanvasElement, actions: PointerActions): void {
  let down: { x: number; y: number } | undefined;
  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener('pointerdown', (event) => {
    down = event.isPrimary && event.button === 0 ? place(event) : undefined;
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!down) return;
    const up = place(event);
    if (Math.hypot(up.x - down.x, up.y - down.y) <= DRAG_PIXELS) actions.click(up.x, up.y);
  });
  canvas.addEventListener('dblclick', (event) => {
    const { x, y } = place(event);
    actions.doubleClick(x, y);
  });
}
