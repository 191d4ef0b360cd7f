/** What stands above our documents: what can be done with them, or why it cannot. */

import * as vscode from "vscode";
import { type Documents, SCHEME } from "./documents";
import { inOwnExtension, type Resuming } from "./resume";
import { messageOf, type Server } from "./server";
import { takenOut } from "./sharing";

const RESUMABLE = "aiana.resumable";

export class Lenses implements vscode.CodeLensProvider {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
    private readonly resuming: Resuming,
  ) {}

  register(): vscode.Disposable {
    const look = () => void this.noteResumable();
    look();
    return vscode.Disposable.from(
      this.changed,
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.window.onDidChangeActiveTextEditor(look),
      this.server.onDidChangeStore(() => {
        this.changed.fire();
        look();
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const shared = await this.documents.sharedIn(document).catch(() => undefined);
    if (shared) {
      return [
        lens(`$(save-as) ${vscode.l10n.t("Save…")}`, "aiana.document.saveShared"),
        lens(`$(shield) ${takenOut(shared)}`),
      ];
    }
    const uri = await this.session(document);
    if (uri === undefined) {
      return [];
    }
    const changing = await this.documents.changing(document).catch(() => []);
    const changes = `$(diff-multiple) ${vscode.l10n.t("Show Changes")}`;
    return [
      await this.resumeLens(uri),
      lens(`$(reply) ${vscode.l10n.t("Hand Over…")}`, "aiana.hit.handOver", uri),
      lens(`$(export) ${vscode.l10n.t("Share…")}`, "aiana.hit.share", uri),
      ...(changing.length ? [lens(changes, "aiana.hit.changes", uri)] : []),
      ...changing.map((section) => lens(changes, "aiana.document.changes", section.uri, section.line)),
    ];
  }

  private async resumeLens(uri: string): Promise<vscode.CodeLens> {
    try {
      const way = await this.resuming.way(uri);
      return way.unavailable === null || inOwnExtension(way)
        ? lens(`$(play) ${way.label}`, "aiana.hit.resume", uri)
        : lens(`$(circle-slash) ${vscode.l10n.t("Cannot be resumed: {0}", way.unavailable)}`);
    } catch (error) {
      return lens(`$(circle-slash) ${messageOf(error)}`);
    }
  }

  /** Without a word: the document itself says what is wrong with it. */
  private session(document: vscode.TextDocument): Promise<string | undefined> {
    return this.documents.sessionOf(document).catch(() => undefined);
  }

  /** The button in the title of a document is grey where its session cannot be resumed. */
  private async noteResumable(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const uri = document && (await this.session(document));
    const way = uri === undefined ? undefined : await this.resuming.way(uri).catch(() => undefined);
    if (document === vscode.window.activeTextEditor?.document) {
      const can = way !== undefined && (way.unavailable === null || inOwnExtension(way) !== undefined);
      await vscode.commands.executeCommand("setContext", RESUMABLE, can);
    }
  }
}

/** At the top of the document, or above a line; without a command it is a text that cannot be clicked. */
function lens(title: string, command = "", uri?: string, line = 0): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: [uri] });
}
