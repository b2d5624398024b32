/** Levenshtein distance: single-character insertions, deletions and substitutions that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitute));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/**
 * The candidate most like a mistyped dotted key, or undefined when nothing is near. Case does not count, and the last
 * part alone is compared too, so that `maxRange` finds `sensor.maxRange`.
 */
export function nearestKey(key: string, candidates: readonly string[]): string | undefined {
  const wanted = key.toLowerCase();
  let best: string | undefined;
  let bestScore = Infinity;
  for (const candidate of candidates) {
    const whole = candidate.toLowerCase();
    const leaf = whole.slice(whole.lastIndexOf('.') + 1);
    const wantedLeaf = wanted.slice(wanted.lastIndexOf('.') + 1);
    // A leaf in another group is a worse match than the same distance within the right group.
    const score = Math.min(editDistance(wanted, whole), editDistance(wantedLeaf, leaf) + 0.5);
    if (score < bestScore) [best, bestScore] = [candidate, score];
  }
  const leafLength = wanted.slice(wanted.lastIndexOf('.') + 1).length;
  return bestScore <= Math.max(2, leafLength / 3) + 0.5 ? best : undefined;
}
