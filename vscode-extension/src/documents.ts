/** Read-only `aiana:` documents: sessions, memories and the doctor's report. */

import * as vscode from "vscode";
import type { Doctor } from "./doctor";
import * as wire from "./protocol";
import type { Server } from "./server";
import { type Rendered, renderMemory, renderSession } from "./transcript";
import { fileName, parseTarget } from "./uris";

export const SCHEME = "aiana";

export class Documents implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider {
  private readonly rendered = new Map<string, Rendered>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly doctor: Doctor,
  ) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, this),
      this.server.onDidChangeStore(() => this.refresh()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.rendered.delete(uri.toString())),
    );
  }

  /** Show what one of our URIs names, at the exact turn. */
  async open(uri: string, options: { preview: boolean; preserveFocus: boolean }): Promise<void> {
    const location = await this.locate(uri);
    const document = await vscode.workspace.openTextDocument(location.uri);
    const start = location.range.start;
    await vscode.window.showTextDocument(document, {
      ...options,
      selection: new vscode.Range(start, start),
    });
    const editor = vscode.window.visibleTextEditors.find((each) => each.document === document);
    editor?.revealRange(location.range, vscode.TextEditorRevealType.AtTop);
  }

  /** The document and the line that one of our URIs names. */
  async locate(uri: string): Promise<vscode.Location> {
    const target = parseTarget(uri);
    if (!target) {
      throw new Error(vscode.l10n.t("{0} is not an address of Aiana.", uri));
    }
    const rendered = await this.render(uri);
    const path = target.kind === "doctor" ? "/doctor" : `/${target.kind}/${encodeURIComponent(target.id)}`;
    const document = vscode.Uri.from({ scheme: SCHEME, path: `${path}/${fileName(rendered.title)}` });
    this.rendered.set(document.toString(), rendered);
    const message = target.kind === "session" ? target.messageId : undefined;
    const line = (message && rendered.lines.get(message)) || 0;
    return new vscode.Location(document, new vscode.Position(line, 0));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    const known = this.rendered.get(key);
    if (known) {
      return known.text;
    }
    const rendered = await this.render(uri.toString(true));
    this.rendered.set(key, rendered);
    return rendered.text;
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const links = this.rendered.get(document.uri.toString())?.links ?? [];
    return links.map(({ line, start, end, target }) => {
      const range = new vscode.Range(line, start, line, end);
      if ("line" in target) {
        return new vscode.DocumentLink(range, document.uri.with({ fragment: `L${target.line + 1}` }));
      }
      return new vscode.DocumentLink(range, "file" in target ? vscode.Uri.file(target.file) : vscode.Uri.parse(target.uri));
    });
  }

  private async render(uri: string): Promise<Rendered> {
    const target = parseTarget(uri);
    if (target?.kind === "session") {
      const [{ session }, { messages }] = await Promise.all([
        this.server.request(wire.sessionGet, { id: target.id }),
        this.server.request(wire.sessionMessages, { id: target.id }),
      ]);
      return renderSession(session, messages);
    }
    if (target?.kind === "memory") {
      return renderMemory((await this.server.request(wire.memoryGet, { id: target.id })).memory);
    }
    return { title: "Doctor", text: await this.doctor.report(), lines: new Map(), links: [] };
  }

  private refresh(): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme === SCHEME) {
        this.rendered.delete(document.uri.toString());
        this.changed.fire(document.uri);
      }
    }
  }
}
