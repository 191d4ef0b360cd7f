/** The part of a long text that a hit is about. */

export interface Passage {
  start: number;
  end: number;
}

const ELLIPSIS = /^…|…$/g;

/** Where the words of a snippet stand in the text that it was cut from; undefined if they do not. */
export function findPassage(text: string, snippet: string): Passage | undefined {
  const words = snippet.replace(ELLIPSIS, "").trim().split(/\s+/).filter(Boolean);
  if (!words.length) {
    return undefined;
  }
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const found = new RegExp(pattern, "u").exec(text);
  return found ? { start: found.index, end: found.index + found[0].length } : undefined;
}
