/**
 * `aiana:` documents: sessions and memories as the server renders them, and memories to be edited.
 *
 * They are files of a file system of our own, so that a reload of the window opens them again, in a language of
 * their own, so that nothing in a stored text becomes a link, a preview or code that runs.
 */

import * as vscode from "vscode";
import { OwnFiles } from "./ownFiles";
import { findPassage } from "./passages";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";
import { fileName, parseTarget } from "./uris";

export const SCHEME = "aiana";
/** Folder of the documents that can be changed: the plain text of a memory. */
const EDITED = "/edit/";
/** Folder of what is to be given to somebody else, as it would be saved. */
const SHARED = "/share/";
const READ_ONLY: wire.Page = {
  text: "",
  uri: "",
  kind: "session",
  id: "",
  source: null,
  line: 0,
  title: "",
  links: [],
  sections: [],
};

interface Shown {
  page: wire.Page;
  bytes: Uint8Array;
  mtime: number;
  /** What a preview of the folder `SHARED` shows. */
  shared?: wire.Shared;
}

/** What is shown of one message, as lines of its document. */
interface Turn {
  section: wire.Section;
  range: vscode.Range;
}

export interface OpenOptions {
  preview: boolean;
  preserveFocus: boolean;
  /** The part of the turn that is to be seen; the whole turn without it. */
  passage?: string;
}

export class Documents
  extends OwnFiles
  implements vscode.FoldingRangeProvider, vscode.DocumentSymbolProvider
{
  private readonly shown = new Map<string, Promise<Shown>>();
  /** Documents whose tools and thoughts were folded when they came up. */
  private readonly folded = new Set<string>();
  private readonly turnMark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    borderColor: new vscode.ThemeColor("editor.rangeHighlightBorder"),
  });
  private readonly passageMark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.findMatchHighlightBackground"),
    // In high contrast it is the border that is seen; other themes have none.
    borderColor: new vscode.ThemeColor("editor.findMatchHighlightBorder"),
    borderStyle: "solid",
    borderWidth: "1px",
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.findMatchForeground"),
  });

  constructor(private readonly server: Server) {
    super();
  }

  register(): vscode.Disposable {
    const selector = { scheme: SCHEME };
    this.server.documentLinks = (document) => this.provideDocumentLinks(document);
    return vscode.Disposable.from(
      this.changed,
      this.turnMark,
      this.passageMark,
      vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
      vscode.languages.registerFoldingRangeProvider(selector, this),
      vscode.languages.registerDocumentSymbolProvider(selector, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.closed(uri)),
      this.server.onDidChangeStore(({ kinds }) => void this.refresh(kinds)),
    );
  }

  /** Show what one of our URIs names, at the exact turn. */
  async open(uri: string, { passage, ...options }: OpenOptions): Promise<void> {
    const { uri: place, range } = await this.place(uri);
    const document = await vscode.workspace.openTextDocument(place);
    const editor = await vscode.window.showTextDocument(document, { ...options, selection: range });
    editor.revealRange(range, vscode.TextEditorRevealType.AtTop);
    await this.mark(editor, range.start.line, passage);
    await this.fold(document, range.start.line);
  }

  /** Open the plain text of a memory, which saving stores. */
  async edit(memory: wire.Memory): Promise<void> {
    const path = `${EDITED}${encodeURIComponent(memory.id)}/${fileName(memory.content)}`;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: SCHEME, path }));
    await vscode.window.showTextDocument(document, { preview: false });
  }

  /** Show what would be given away of a session or memory. */
  async preview(uri: string, format: wire.Shared["format"]): Promise<void> {
    const { title } = await this.server.request(wire.locate, { uri });
    const path = `${SHARED}${format}/${encodeURIComponent(uri)}/${fileName(`${vscode.l10n.t("Shared")} ${title}`)}`;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: SCHEME, path }));
    await vscode.window.showTextDocument(document, { preview: false });
  }

  /** What a document previews; undefined if it is no such preview. */
  async sharedIn({ uri }: vscode.TextDocument): Promise<wire.Shared | undefined> {
    return uri.scheme === SCHEME && uri.path.startsWith(SHARED) ? (await this.read(uri)).shared : undefined;
  }

  /** The URI of the session that a document shows; undefined if it shows something else. */
  async sessionOf({ uri }: vscode.TextDocument): Promise<string | undefined> {
    return uri.scheme === SCHEME && uri.path.startsWith("/session/")
      ? (await this.read(uri)).page.uri || undefined
      : undefined;
  }

  /** The turns of a session's document that changed files. */
  async changing({ uri }: vscode.TextDocument): Promise<wire.Section[]> {
    return (await this.read(uri)).page.sections.filter(({ changes }) => changes);
  }

  /** The document and the line that one of our URIs names. */
  async locate(uri: string): Promise<vscode.Location> {
    checkAddress(uri);
    const { uri: document, line, title } = await this.server.request(wire.locate, { uri });
    return locationOf(document, title, line);
  }

  /** The same to be shown: a document that is not open yet is read once, for its place and its text. */
  private async place(uri: string): Promise<vscode.Location> {
    checkAddress(uri);
    const shown = await this.placeInShown(uri);
    if (shown) {
      return shown;
    }
    const page = await this.server.request(wire.textDocumentContent, { uri });
    const location = locationOf(page.uri, page.title, page.line);
    const key = location.uri.toString();
    if (!this.shown.has(key)) {
      this.shown.set(key, Promise.resolve(shownOf(page)));
    }
    return location;
  }

  /** Where it stands in a document that is open; those are kept up to date. */
  private async placeInShown(uri: string): Promise<vscode.Location | undefined> {
    for (const { uri: document } of vscode.workspace.textDocuments) {
      const page = document.scheme === SCHEME ? (await this.shown.get(document.toString()))?.page : undefined;
      const section = page?.sections.find((each) => each.uri === uri);
      if (section || (page?.uri && page.uri === uri)) {
        return new vscode.Location(document, new vscode.Position(section?.line ?? 0, 0));
      }
    }
    return undefined;
  }

  /** The address of what is at the cursor of a document: a turn of a session, or a memory. */
  async addressAt(editor: vscode.TextEditor): Promise<string> {
    const { page } = await this.read(editor.document.uri);
    return sectionAt(page, editor.selection.active.line)?.uri ?? page.uri;
  }

  /** Go to the turn before or after the cursor; tools and thoughts are passed over. */
  async go(editor: vscode.TextEditor, direction: 1 | -1): Promise<void> {
    const { page } = await this.read(editor.document.uri);
    const here = sectionAt(page, editor.selection.active.line)?.line ?? -1;
    const turns = page.sections.filter(({ kind }) => kind === "turn");
    const next =
      direction > 0 ? turns.find(({ line }) => line > here) : turns.findLast(({ line }) => line < here);
    if (next) {
      const range = new vscode.Range(next.line, 0, next.line, 0);
      editor.selection = new vscode.Selection(range.start, range.start);
      editor.revealRange(range, vscode.TextEditorRevealType.AtTop);
    }
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, mtime } = await this.read(uri);
    const permissions = uri.path.startsWith(EDITED) ? undefined : vscode.FilePermission.Readonly;
    return { type: vscode.FileType.File, ctime: 0, mtime, size: bytes.length, permissions };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.read(uri)).bytes;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const text = new TextDecoder().decode(content);
    if (!uri.path.startsWith(EDITED)) {
      throw vscode.FileSystemError.NoPermissions(vscode.l10n.t("Conversations cannot be changed."));
    }
    if (!text.trim()) {
      throw vscode.FileSystemError.Unavailable(vscode.l10n.t("A memory needs a text. Forget it instead."));
    }
    await this.server.request(wire.memoryUpdate, { id: editedId(uri), content: text });
    await this.reload(uri);
  }

  /** Each message folds; the lines that separate it from the next one stay. */
  async provideFoldingRanges(document: vscode.TextDocument): Promise<vscode.FoldingRange[]> {
    const turns = await this.turns(document);
    return turns.map(({ range }) => new vscode.FoldingRange(range.start.line, range.end.line));
  }

  /** Turns, and below each the tools that it called. */
  async provideDocumentSymbols(document: vscode.TextDocument): Promise<vscode.DocumentSymbol[]> {
    const roots: vscode.DocumentSymbol[] = [];
    for (const { section, range } of await this.turns(document)) {
      const kind = section.kind === "turn" ? vscode.SymbolKind.String : vscode.SymbolKind.Function;
      const symbol = new vscode.DocumentSymbol(section.title || "…", "", kind, range, range);
      const parent = section.kind === "turn" ? undefined : roots.at(-1);
      (parent?.children ?? roots).push(symbol);
      if (parent) {
        parent.range = parent.range.union(range);
      }
    }
    return roots;
  }

  /** Where the document leads. Only what the server made a link is one. */
  async provideDocumentLinks(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
    const { page } = await this.read(document.uri);
    return page.links.map(({ line, start, end, target }) => {
      const uri = target.startsWith(`${SCHEME}:`) ? openCommand(target) : vscode.Uri.parse(target);
      return new vscode.DocumentLink(new vscode.Range(line, start, line, end), uri);
    });
  }

  private async turns(document: vscode.TextDocument): Promise<Turn[]> {
    const { page } = await this.read(document.uri);
    const starts = page.sections.map(({ line }) => line);
    return page.sections.map((section, index) => ({
      section,
      range: linesUntil(document, section.line, starts[index + 1] ?? document.lineCount),
    }));
  }

  private async mark(editor: vscode.TextEditor, line: number, passage: string | undefined): Promise<void> {
    const turns = await this.turns(editor.document);
    const range = turns.find(({ section }) => section.line === line)?.range;
    // The heading says the first words too.
    const body = range?.with(new vscode.Position(Math.min(line + 1, range.end.line), 0));
    const found = body && passage ? findPassage(editor.document.getText(body), passage) : undefined;
    const start = body ? editor.document.offsetAt(body.start) : 0;
    const at = (offset: number) => editor.document.positionAt(start + offset);
    editor.setDecorations(this.turnMark, range ? [range] : []);
    editor.setDecorations(this.passageMark, found ? [new vscode.Range(at(found.start), at(found.end))] : []);
    if (found) {
      editor.revealRange(
        new vscode.Range(at(found.start), at(found.end)),
        vscode.TextEditorRevealType.InCenterIfOutsideViewport,
      );
    }
  }

  /** Fold tools and thoughts, once, but what was asked for. */
  private async fold(document: vscode.TextDocument, line: number): Promise<void> {
    const key = document.uri.toString();
    if (this.folded.has(key)) {
      return;
    }
    this.folded.add(key);
    const turns = await this.turns(document);
    const selectionLines = turns
      .filter(({ section }) => section.kind !== "turn" && section.line !== line)
      .map(({ section }) => section.line);
    if (selectionLines.length) {
      await vscode.commands.executeCommand("editor.fold", { levels: 1, direction: "up", selectionLines });
    }
  }

  private read(uri: vscode.Uri): Promise<Shown> {
    const key = uri.toString();
    const shown = this.shown.get(key) ?? this.fetch(uri);
    this.shown.set(key, shown);
    return shown;
  }

  /** What was deleted must not stay on the screen: its document says what became of it. */
  private async fetch(uri: vscode.Uri): Promise<Shown> {
    if (uri.path.startsWith(SHARED)) {
      const [format, address] = uri.path.slice(SHARED.length).split("/");
      const shared = await this.server
        .request(wire.share, {
          uri: decodeURIComponent(address!),
          format: format === "json" ? "json" : "markdown",
        })
        .catch((error: unknown) => messageOf(error));
      const text = typeof shared === "string" ? `${shared}\n` : shared.text;
      const page = { ...READ_ONLY, text };
      return { ...shownOf(page), shared: typeof shared === "string" ? undefined : shared };
    }
    const page = await this.page(uri).catch((error: unknown) => ({
      ...READ_ONLY,
      text: `${messageOf(error)}\n`,
    }));
    return shownOf(page);
  }

  private async page(uri: vscode.Uri): Promise<wire.Page> {
    if (uri.path.startsWith(EDITED)) {
      const { memory } = await this.server.request(wire.memoryGet, { id: editedId(uri) });
      return { ...READ_ONLY, kind: "memory", id: memory.id, text: memory.content };
    }
    // The path holds the encoded address as it came from the server.
    return this.server.request(wire.textDocumentContent, { uri: `${SCHEME}://${uri.path}` });
  }

  private async refresh(kinds: wire.Changes["kinds"]): Promise<void> {
    const open = vscode.workspace.textDocuments.filter(
      ({ uri }) => uri.scheme === SCHEME && (!uri.path.startsWith("/session/") || kinds.includes("sessions")),
    );
    await Promise.all(open.map(({ uri }) => this.reload(uri)));
  }

  /** Read a document again, and tell if it has become another. */
  private async reload(uri: vscode.Uri): Promise<void> {
    const before = await this.shown.get(uri.toString());
    const now = await this.fetch(uri);
    if (before && before.page.text === now.page.text) {
      return;
    }
    now.mtime = Math.max(now.mtime, (before?.mtime ?? 0) + 1);
    this.shown.set(uri.toString(), Promise.resolve(now));
    this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  private closed(uri: vscode.Uri): void {
    this.shown.delete(uri.toString());
    this.folded.delete(uri.toString());
  }
}

function checkAddress(uri: string): void {
  if (!parseTarget(uri)) {
    throw new Error(vscode.l10n.t("{0} is not an address of Aiana.", uri));
  }
}

function locationOf(uri: string, title: string, line: number): vscode.Location {
  const path = `${uri.slice(`${SCHEME}://`.length)}/${fileName(title)}`;
  return new vscode.Location(vscode.Uri.from({ scheme: SCHEME, path }), new vscode.Position(line, 0));
}

function shownOf(page: wire.Page): Shown {
  return { page, bytes: new TextEncoder().encode(page.text), mtime: Date.now() };
}

/** A command that opens what one of our URIs names: VS Code itself knows lines, but neither turns nor conversations. */
function openCommand(uri: string): vscode.Uri {
  return vscode.Uri.parse(`command:aiana.hit.open?${encodeURIComponent(JSON.stringify([uri]))}`);
}

function editedId(uri: vscode.Uri): string {
  return decodeURIComponent(uri.path.slice(EDITED.length).split("/")[0]!);
}

function sectionAt(page: wire.Page, line: number): wire.Section | undefined {
  return page.sections.findLast((section) => section.line <= line);
}

/** The lines from `first` to before `end`, without the empty ones at their end. */
function linesUntil(document: vscode.TextDocument, first: number, end: number): vscode.Range {
  let last = Math.min(end, document.lineCount) - 1;
  while (last > first && document.lineAt(last).isEmptyOrWhitespace) {
    last--;
  }
  return new vscode.Range(first, 0, last, document.lineAt(last).text.length);
}
