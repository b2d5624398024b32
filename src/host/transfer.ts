/** Bytes up to which arrays are copied: poses and the like belong to many messages. */
const SMALL = 1024;

/** Any typed array. */
type View = NodeJS.TypedArray;

/**
 * A message ready for postMessage. Arrays that fill their own buffer go without a copy and no longer belong to the
 * sender, short ones excepted, which are copied; a part of a larger or shared buffer is copied out first, or the rest of that buffer would go with it.
 */
export function handOver<T>(message: T): { message: T; transfers: ArrayBuffer[] } {
  const transfers = new Set<ArrayBuffer>();
  const own = (view: View): View => {
    if (view.byteLength <= SMALL) return copyOf(view);
    const whole = view.buffer instanceof ArrayBuffer && view.byteLength === view.buffer.byteLength;
    const array = whole ? view : copyOf(view);
    transfers.add(array.buffer as ArrayBuffer);
    return array;
  };
  const owned = rebuilt(message, own, (buffer) => transfers.add(buffer));
  return { message: owned, transfers: [...transfers] };
}

/** A deep copy: its arrays may be handed over, whatever becomes of the originals. */
export function copied<T>(message: T): T {
  return rebuilt(message, copyOf);
}

function copyOf(view: View): View {
  // A Buffer's slice would be a view of the same memory.
  const Type = view instanceof Uint8Array ? Uint8Array : (view.constructor as new (from: View) => View);
  return new Type(view as Uint8Array);
}

/** Plain objects, arrays and maps made anew with other typed arrays in them. */
function rebuilt<T>(value: T, change: (view: View) => View, onBuffer?: (buffer: ArrayBuffer) => void): T;
function rebuilt(
  value: unknown,
  change: (view: View) => View,
  onBuffer?: (buffer: ArrayBuffer) => void,
): unknown {
  const inner = (v: unknown): unknown => rebuilt(v, change, onBuffer);
  if (ArrayBuffer.isView(value)) return change(value as View);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return new Map([...value].map(([key, v]) => [key, inner(v)]));
  if (value instanceof ArrayBuffer) onBuffer?.(value);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, inner(v)]));
}
