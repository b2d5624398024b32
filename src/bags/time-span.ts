/** From the earliest start to the latest end; undefined for nothing. */
export function timeSpan(
  extents: Iterable<{ readonly startNs: bigint; readonly endNs: bigint }>,
): { startNs: bigint; endNs: bigint } | undefined {
  let span: { startNs: bigint; endNs: bigint } | undefined;
  for (const { startNs, endNs } of extents) {
    span ??= { startNs, endNs };
    if (startNs < span.startNs) span.startNs = startNs;
    if (endNs > span.endNs) span.endNs = endNs;
  }
  return span;
}
