/** Whether the panel lies below the map instead of beside it, as in style.css. */
export function isNarrow(): boolean {
  return window.matchMedia('(max-width: 760px)').matches;
}
