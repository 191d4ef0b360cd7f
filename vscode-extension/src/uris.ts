/** `aiana:///session/<id>/<source>#<message>` and `aiana:///memory/<id>`: what citations and hits point at. */

export type Target =
  { kind: "session"; id: string; source?: string; messageId?: string } | { kind: "memory"; id: string };

const NAME = /\.(md|aiana)$/;

/** What a URI names; undefined if it is none of ours. */
export function parseTarget(uri: string): Target | undefined {
  const match = /^aiana:(?:\/\/)?\/(session|memory)\/([^/#?]+)(?:\/([^/#?]*))?[^#]*(?:#(.*))?$/.exec(uri);
  if (!match) {
    return undefined;
  }
  const [, kind, id, next, fragment] = match;
  if (kind === "memory") {
    return { kind, id: segment(id!) };
  }
  return {
    kind: "session",
    id: segment(id!),
    ...(next && !NAME.test(next) ? { source: segment(next) } : {}),
    ...(fragment ? { messageId: decodeURIComponent(fragment) } : {}),
  };
}

/** The URI of the session that a URI is of, or is in. */
export function sessionOf(uri: string): string {
  return uri.replace(/#.*$/, "");
}

/** A segment of the path is encoded twice where it holds a slash. */
function segment(text: string): string {
  return decodeURIComponent(decodeURIComponent(text));
}

/** The last part of a document's path, which VS Code shows as its title and knows the language by. */
export function fileName(title: string): string {
  const words = title.trim().replace(/[\\/:*?"<>|#%\s]+/g, " ");
  const clean = Array.from(words)
    .slice(0, 60)
    .join("")
    .replace(/^ |[ .]+$/g, "");
  return `${clean || "Aiana"}.aiana`;
}
