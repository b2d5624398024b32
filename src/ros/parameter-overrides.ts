/**
 * The node names under which a parameter file may hold parameters for a node, from the most general to the most
 * specific, as rcl's wildcards have it: `/**` any number of names, `/*` one name. With and without leading slash.
 *
 * rclnodejs itself looks under `/**` and the bare name only, so that a launch file with a namespace would lose all.
 *
 * @param namespace such as `/` or `/robot1`
 */
export function overrideKeys(name: string, namespace: string): string[] {
  const parts = [...namespace.split('/').filter((part) => part !== ''), name];
  const keys = new Set<string>(['/**']);
  for (const pattern of patterns(parts)) keys.add(`/${pattern.join('/')}`);
  const exact = `/${parts.join('/')}`;
  keys.delete(exact);
  // Without a slash the bare name means the node in whatever namespace, as rclnodejs has it.
  const ordered = [...keys].flatMap((key) => [key, key.slice(1)]).filter((key) => key !== '');
  return [...ordered.filter((key) => key !== name && key !== exact.slice(1)), name, exact.slice(1), exact];
}

function patterns(parts: readonly string[]): string[][] {
  const out: string[][] = [];
  const [first, ...rest] = parts;
  // A leading ** stands for any number of names, none included.
  for (let skip = 0; skip <= parts.length; skip++)
    for (const tail of single(parts.slice(skip))) out.push(['**', ...tail]);
  if (first !== undefined) {
    for (const tail of single(rest)) out.push(['*', ...tail]);
    for (const tail of single(rest)) out.push([first, ...tail]);
    if (rest.length > 0) out.push([first, '**']);
  }
  return out;
}

/** All ways to replace single names by `*`, the most general first. */
function single(parts: readonly string[]): string[][] {
  const [first, ...rest] = parts;
  if (first === undefined) return [[]];
  const tails = single(rest);
  return [...tails.map((tail) => ['*', ...tail]), ...tails.map((tail) => [first, ...tail])];
}

/** Node name and namespace as remapped on the command line (`__node:=`, `__ns:=`), or the given ones. */
export function remappedName(
  argv: readonly string[],
  name: string,
): { readonly name: string; readonly namespace: string } {
  const last = (key: string): string | undefined =>
    argv.findLast((arg) => arg.startsWith(`${key}:=`))?.slice(key.length + 2);
  const namespace = last('__ns') ?? '/';
  return {
    name: last('__node') ?? last('__name') ?? name,
    namespace: namespace.startsWith('/') ? namespace : `/${namespace}`,
  };
}
