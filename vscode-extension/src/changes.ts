/**
 * What a conversation changed, in VS Code's own diff editor.
 *
 * Each side of a file is a read-only file whose URI says conversation, side and path: VS Code opens it again after a
 * reload, and its name gives it the colours of its language.
 */

import { posix } from "node:path";
import * as vscode from "vscode";
import { OwnFiles } from "./ownFiles";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";

export const CHANGES_SCHEME = "aiana-changes";

interface Side {
  /** Of the session, or of a message of it. */
  uri: string;
  path: string;
  side: "before" | "after";
}

interface Known {
  files: wire.ChangedFile[];
  at: number;
  /** Why the changes are not known. */
  problem?: string;
}

export class ChangedFiles extends OwnFiles {
  /** By the URI that the server was asked for. */
  private readonly known = new Map<string, Promise<Known>>();

  constructor(private readonly server: Server) {
    super();
  }

  register(): vscode.Disposable {
    const options = { isCaseSensitive: true, isReadonly: true };
    return vscode.Disposable.from(
      this.changed,
      vscode.workspace.registerFileSystemProvider(CHANGES_SCHEME, this, options),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.closed(uri)),
      this.server.onDidChangeStore(({ kinds }) => kinds.includes("sessions") && this.refresh()),
    );
  }

  /** Show what a session changed; of the URI of a message, what that one changed. */
  async show(uri: string): Promise<void> {
    const [{ files, notes }, { title }] = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking for what was changed") },
      () =>
        Promise.all([
          this.server.request(wire.sessionChanges, { uri }),
          this.server.request(wire.locate, { uri }),
        ]),
    );
    const [file] = files;
    if (!file) {
      const nothing = vscode.l10n.t("No file was changed here, as far as the calls show.");
      void vscode.window.showInformationMessage([nothing, ...notes].join(" "));
      return;
    }
    this.known.set(uri, Promise.resolve({ files, at: Date.now() }));
    if (files.length === 1) {
      const [before, after] = sidesOf(uri, file);
      await vscode.commands.executeCommand("vscode.diff", before, after, titleOf(file), { preview: false });
    } else {
      const name = vscode.l10n.t("Changes: {0}", title);
      await vscode.commands.executeCommand("vscode.changes", name, resourcesOf(uri, files));
    }
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, at } = await this.read(uri);
    const permissions = vscode.FilePermission.Readonly;
    return { type: vscode.FileType.File, ctime: 0, mtime: at, size: bytes.length, permissions };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.read(uri)).bytes;
  }

  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  private async read(uri: vscode.Uri): Promise<{ bytes: Uint8Array; at: number }> {
    const { side, path, ...whose } = sideOf(uri);
    const asked = this.known.get(whose.uri) ?? this.ask(whose.uri);
    this.known.set(whose.uri, asked);
    const { files, at, problem } = await asked;
    const text = problem ?? files.find((file) => file.path === path)?.[side] ?? "";
    return { bytes: new TextEncoder().encode(text), at };
  }

  /** What was deleted must not stay on the screen: its sides say what became of it. */
  private async ask(uri: string): Promise<Known> {
    try {
      return { files: (await this.server.request(wire.sessionChanges, { uri })).files, at: Date.now() };
    } catch (error) {
      return { files: [], at: Date.now(), problem: `${messageOf(error)}\n` };
    }
  }

  private refresh(): void {
    this.known.clear();
    this.changed.fire(open().map((uri) => ({ type: vscode.FileChangeType.Changed, uri })));
  }

  private closed(uri: vscode.Uri): void {
    if (uri.scheme === CHANGES_SCHEME) {
      const whose = sideOf(uri).uri;
      if (!open().some((other) => sideOf(other).uri === whose)) {
        this.known.delete(whose);
      }
    }
  }
}

/** Of a file that came or went one side is not there, which VS Code marks. */
function resourcesOf(
  uri: string,
  files: wire.ChangedFile[],
): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined][] {
  return files.map((file) => {
    const [before, after] = sidesOf(uri, file);
    return [after, file.kind === "created" ? undefined : before, file.kind === "deleted" ? undefined : after];
  });
}

function sidesOf(uri: string, file: wire.ChangedFile): [before: vscode.Uri, after: vscode.Uri] {
  const of = (side: Side["side"], path: string) => {
    const { dir, base } = posix.parse(vscode.Uri.file(path).path);
    const name = file[side] === null ? unknownName(base, side, file.binary) : base;
    const query = JSON.stringify({ uri, path: file.path, side } satisfies Side);
    return vscode.Uri.from({ scheme: CHANGES_SCHEME, path: posix.join("/", dir, name), query });
  };
  return [of("before", file.oldPath ?? file.path), of("after", file.path)];
}

/** The title of a side that is empty since no call shows what stands there. */
function unknownName(name: string, side: Side["side"], binary: boolean): string {
  if (binary) {
    return vscode.l10n.t("{0} (no text, not shown)", name);
  }
  return side === "before"
    ? vscode.l10n.t("{0} (not known what stood there before)", name)
    : vscode.l10n.t("{0} (not known what stands there after)", name);
}

function titleOf(file: wire.ChangedFile): string {
  const name = posix.basename(vscode.Uri.file(file.path).path);
  if (file.binary) {
    return vscode.l10n.t("{0}: no text, not shown", name);
  }
  const before =
    file.before === null
      ? vscode.l10n.t("before, not known")
      : file.kind === "created"
        ? vscode.l10n.t("not there before")
        : vscode.l10n.t("before");
  const after =
    file.after === null
      ? vscode.l10n.t("after, not known")
      : file.kind === "deleted"
        ? vscode.l10n.t("deleted")
        : vscode.l10n.t("after");
  const parts = file.whole ? undefined : vscode.l10n.t("only the parts that calls show");
  return [`${name}: ${before} ↔ ${after}`, parts].filter(Boolean).join(" · ");
}

function sideOf(uri: vscode.Uri): Side {
  try {
    return JSON.parse(uri.query) as Side;
  } catch {
    throw vscode.FileSystemError.FileNotFound(uri);
  }
}

function open(): vscode.Uri[] {
  return vscode.workspace.textDocuments
    .map(({ uri }) => uri)
    .filter(({ scheme }) => scheme === CHANGES_SCHEME);
}
