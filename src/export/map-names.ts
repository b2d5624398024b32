/**
 * Names of what a map is written to: the first map of a run has plain names, those that it started after being lost for
 * long have their number in them.
 *
 * @example
 * ofMap('mesh', 0); // 'mesh'
 * ofMap('mesh', 1); // 'mesh-1'
 */
export function ofMap(name: string, submap: number): string {
  return submap === 0 ? name : `${name}-${submap}`;
}
