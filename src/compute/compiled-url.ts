/**
 * URL of a compiled file of this package, also when the caller runs from TypeScript sources (Vitest): worker
 * threads and the wasm module exist only in dist/.
 *
 * @param callerUrl the caller's import.meta.url
 * @param path relative to the caller's folder, with its compiled extension
 */
export function compiledUrl(callerUrl: string, path: string): URL {
  const url = new URL(path, callerUrl);
  if (!callerUrl.endsWith('.ts')) return url; // already compiled
  url.pathname = url.pathname.replace(/\/src\/((?:(?!\/src\/).)*)$/, '/dist/$1');
  return url;
}
