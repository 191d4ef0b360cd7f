/** Rows of an answer that comes in parts. */

interface Row {
  uri?: string;
}

/** `rows`, then those of `more` that are not among them. */
export function joined<T extends Row>(rows: readonly T[], more: readonly T[]): T[] {
  const uris = new Set(rows.map(({ uri }) => uri));
  return [...rows, ...more.filter(({ uri }) => uri !== undefined && !uris.has(uri))];
}

/** The first rows of the answer, then what was shown so far in the places that the answer has yet to fill. */
export function overlaid<T extends Row>(first: readonly T[], shown: readonly T[]): T[] {
  return joined(first, shown).slice(0, Math.max(first.length, shown.length));
}
