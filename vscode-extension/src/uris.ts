/** `aiana:///session/<id>#<message>` and `aiana:///memory/<id>`: what citations and hits point at. */

export type Target = { kind: "session"; id: string; messageId?: string } | { kind: "memory"; id: string };

/** What a URI names; undefined if it is none of ours. */
export function parseTarget(uri: string): Target | undefined {
  const match = /^aiana:(?:\/\/)?\/(session|memory)\/([^/#?]+)[^#]*(?:#(.*))?$/.exec(uri);
  if (!match) {
    return undefined;
  }
  const [, kind, id, fragment] = match;
  if (kind === "memory") {
    return { kind, id: decodeURIComponent(id!) };
  }
  const session = { kind: "session" as const, id: decodeURIComponent(id!) };
  return fragment ? { ...session, messageId: decodeURIComponent(fragment) } : session;
}

/** A command that opens what one of our URIs names: VS Code itself knows lines, but neither turns nor conversations. */
export function openCommand(uri: string): string {
  return `command:aiana.hit.open?${encodeURIComponent(JSON.stringify([uri]))}`;
}

/** The last part of a document's path, which VS Code shows as its title. */
export function fileName(title: string): string {
  const clean = title
    .replace(/[\\/:*?"<>|#%\s]+/g, " ")
    .slice(0, 60)
    .replace(/^ |[ .]+$/g, "");
  return `${clean || "Aiana"}.md`;
}
