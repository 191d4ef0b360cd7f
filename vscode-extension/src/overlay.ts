/** Rows of an answer that is not whole yet. */

/** The first rows of the answer, then what was shown so far in the places that the answer has yet to fill. */
export function overlaid<T extends { uri?: string }>(first: readonly T[], shown: readonly T[]): T[] {
  const uris = new Set(first.map(({ uri }) => uri));
  const others = shown.filter(({ uri }) => uri !== undefined && !uris.has(uri));
  return [...first, ...others].slice(0, Math.max(first.length, shown.length));
}
