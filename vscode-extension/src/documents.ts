/** Read-only `aiana:` documents: sessions and memories as the server renders them, and the doctor's report. */

import * as vscode from "vscode";
import type { Doctor } from "./doctor";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";
import { fileName, parseTarget } from "./uris";

export const SCHEME = "aiana";
const DOCTOR = vscode.Uri.from({ scheme: SCHEME, path: "/doctor/Aiana Doctor.md" });

export class Documents implements vscode.TextDocumentContentProvider {
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
      this.server.onDidChangeStore(() => this.refresh()),
    );
  }

  /** Show what one of our URIs names, at the exact turn. */
  async open(uri: string, options: { preview: boolean; preserveFocus: boolean }): Promise<void> {
    const { uri: place, range } = await this.locate(uri);
    const document = await vscode.workspace.openTextDocument(place);
    const editor = await vscode.window.showTextDocument(document, { ...options, selection: range });
    editor.revealRange(range, vscode.TextEditorRevealType.AtTop);
  }

  async openDoctor(): Promise<void> {
    this.changed.fire(DOCTOR);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(DOCTOR), { preview: true });
  }

  /** The document and the line that one of our URIs names. */
  async locate(uri: string): Promise<vscode.Location> {
    const target = parseTarget(uri);
    if (!target) {
      throw new Error(vscode.l10n.t("{0} is not an address of Aiana.", uri));
    }
    const { line, title } = await this.server.request(wire.textDocumentContent, { uri });
    const path = `/${target.kind}/${encodeURIComponent(target.id)}/${fileName(title)}`;
    return new vscode.Location(vscode.Uri.from({ scheme: SCHEME, path }), new vscode.Position(line, 0));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    if (uri.path === DOCTOR.path) {
      return this.doctor.report();
    }
    try {
      return (await this.server.request(wire.textDocumentContent, { uri: uri.toString() })).text;
    } catch (error) {
      return `${messageOf(error)}\n`; // What was deleted must not stay on the screen.
    }
  }

  private refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === SCHEME && uri.path !== DOCTOR.path) {
        this.changed.fire(uri);
      }
    }
  }
}
