/** The browser's storage; undefined where it is forbidden: settings then last for this visit. */
export function localStorageIfAllowed(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
