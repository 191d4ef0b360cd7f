/** What can be done with hits, whichever list they were chosen in; each is named by its URI. */

import * as vscode from "vscode";
import type { Chat } from "./chat";
import type { Documents } from "./documents";
import { PINNED } from "./panelItems";
import type { Action } from "./panelMessages";
import * as wire from "./protocol";
import { citeQuotes, quote } from "./quotes";
import { messageOf, type Server } from "./server";
import { storeMemory } from "./remember";
import { firstLine } from "./labels";
import { parseTarget } from "./uris";

const FALLBACK_BUDGET = 1_000;

export class HitActions {
  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
    private readonly chat: Chat,
  ) {}

  /** Do it; what goes wrong is shown, not thrown. */
  async run(action: Action, uris: string[]): Promise<void> {
    try {
      await this[action](uris);
    } catch (error) {
      void vscode.window.showErrorMessage(messageOf(error));
    }
  }

  async open([uri]: string[]): Promise<void> {
    if (uri) {
      await this.documents.open(uri, { preview: false, preserveFocus: false });
    }
  }

  async preview([uri]: string[]): Promise<void> {
    if (uri) {
      await this.documents.open(uri, { preview: true, preserveFocus: true });
    }
  }

  async copy(uris: string[]): Promise<void> {
    await vscode.env.clipboard.writeText(await this.text(uris));
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied")}`, 3_000);
  }

  async insert(uris: string[]): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      throw new Error(vscode.l10n.t("Open a file and put the cursor where the text should go."));
    }
    const text = await this.text(uris);
    await editor.edit((edit) => {
      for (const selection of editor.selections) {
        edit.replace(selection, text);
      }
    });
    await vscode.window.showTextDocument(editor.document, editor.viewColumn);
  }

  async addToChat(uris: string[]): Promise<void> {
    const quotes = await Promise.all(uris.map((uri) => quote(this.server, uri)));
    const budget =
      vscode.workspace.getConfiguration("aiana").get<number | null>("contextMaxTokens") ?? FALLBACK_BUDGET;
    const name = quotes.length === 1 ? "aiana-memory" : `aiana-${quotes.length}-memories`;
    await this.chat.attach(name, citeQuotes(quotes, budget));
  }

  async remember(uris: string[]): Promise<void> {
    for (const uri of uris) {
      const target = parseTarget(uri);
      const { content } = await quote(this.server, uri);
      const sessionId = target?.kind === "session" ? target.id : undefined;
      await storeMemory(this.server, { content, sessionId });
    }
  }

  async forget(uris: string[]): Promise<void> {
    const ids = uris.map(memoryId).filter((id) => id !== undefined);
    if (!ids.length) {
      return;
    }
    const gone = await Promise.all(
      ids.map(async (id) => (await this.server.request(wire.memoryGet, { id })).memory),
    );
    await this.server.request(wire.memoryDelete, { ids });
    const undo = vscode.l10n.t("Undo");
    const what = gone.length === 1 ? firstLine(gone[0]!.content) : vscode.l10n.t("{0} memories", gone.length);
    void vscode.window
      .showInformationMessage(vscode.l10n.t("Forgotten: {0}", what), undo)
      .then(async (choice) => {
        if (choice === undo) {
          await Promise.all(gone.map((memory) => this.server.request(wire.memoryRestore, { memory })));
        }
      });
  }

  async rate([uri]: string[], rating: wire.Rating): Promise<void> {
    const id = uri && memoryId(uri);
    if (id) {
      await this.server.request(wire.memoryFeedback, { id, rating });
      vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Thank you: noted")}`, 3_000);
    }
  }

  async pin([uri]: string[]): Promise<void> {
    const id = uri && memoryId(uri);
    if (id) {
      const { memory } = await this.server.request(wire.memoryGet, { id });
      const others = memory.tags.filter((tag) => tag !== PINNED);
      const tags = others.length === memory.tags.length ? [...others, PINNED] : others;
      await this.server.request(wire.memoryUpdate, { id, tags });
    }
  }

  async deleteSession([uri]: string[]): Promise<void> {
    const target = uri && parseTarget(uri);
    if (!target || target.kind !== "session") {
      return;
    }
    const { session } = await this.server.request(wire.sessionGet, { id: target.id });
    const remove = vscode.l10n.t("Delete");
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t("Delete the conversation “{0}” from Aiana?", session.title || session.id),
      {
        modal: true,
        detail: vscode.l10n.t(
          "Its {0} messages go for good, and later imports leave it out. The assistant's own file stays.",
          session.messageCount,
        ),
      },
      remove,
    );
    if (choice === remove) {
      await this.server.request(wire.sessionDelete, { id: target.id });
    }
  }

  private async text(uris: string[]): Promise<string> {
    const quotes = await Promise.all(uris.map((uri) => quote(this.server, uri)));
    return quotes.map(({ content }) => content).join("\n\n");
  }
}

function memoryId(uri: string): string | undefined {
  const target = parseTarget(uri);
  return target?.kind === "memory" ? target.id : undefined;
}
