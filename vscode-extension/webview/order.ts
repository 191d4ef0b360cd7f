/** How a list takes in new items without moving what the user is pointing at. */

/** The order in which to show `next` while `shown` is on the screen and `held` says not to move it. */
export function mergeOrder(shown: string[], next: string[], held: boolean): string[] {
  if (!held) {
    return next;
  }
  const wanted = new Set(next);
  const kept = shown.filter((key) => wanted.has(key));
  const known = new Set(kept);
  return [...kept, ...next.filter((key) => !known.has(key))];
}
