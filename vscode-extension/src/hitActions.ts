/** What can be done with hits, whichever list they were chosen in; each is named by its URI. */

import * as vscode from "vscode";
import { CHANGES_SCHEME } from "./changes";
import type { Chat } from "./chat";
import { type Documents, SCHEME } from "./documents";
import { firstLine } from "./labels";
import { PINNED } from "./panelItems";
import type { Action } from "./panelMessages";
import * as wire from "./protocol";
import { storeMemory } from "./remember";
import { messageOf, type Server } from "./server";
import { parseTarget } from "./uris";

export class HitActions {
  /** The part of each text that the last lists showed. */
  private readonly snippets = new Map<string, string>();
  private lastEditor: vscode.TextEditor | undefined;

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
    private readonly chat: Chat,
  ) {}

  register(): vscode.Disposable {
    const follow = (editor: vscode.TextEditor | undefined) => {
      const ours = [SCHEME, CHANGES_SCHEME].includes(editor?.document.uri.scheme ?? "");
      this.lastEditor = editor && !ours ? editor : this.lastEditor;
    };
    follow(vscode.window.activeTextEditor);
    return vscode.window.onDidChangeActiveTextEditor(follow);
  }

  /** Tell which part of the texts is shown: that part is meant by what is done with them. */
  noteShown(items: { uri: string; text: string }[]): void {
    if (this.snippets.size > 2_000) {
      this.snippets.clear();
    }
    items.forEach(({ uri, text }) => this.snippets.set(uri, text));
  }

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
      const passage = this.snippets.get(uri);
      await this.documents.open(uri, { preview: false, preserveFocus: false, passage });
    }
  }

  async preview([uri]: string[]): Promise<void> {
    if (uri) {
      const passage = this.snippets.get(uri);
      await this.documents.open(uri, { preview: true, preserveFocus: true, passage });
    }
  }

  async copy(uris: string[]): Promise<void> {
    await this.copyText(await this.text(uris));
  }

  async insert(uris: string[]): Promise<void> {
    const text = await this.text(uris);
    const active = vscode.window.activeTextEditor;
    if (!active || !(await insertInto(active, text))) {
      await this.insertElsewhere(active, text);
    }
  }

  async addToChat(uris: string[]): Promise<void> {
    const { text, tokens, leftOut } = await this.server.request(wire.quote, {
      texts: uris.map((uri) => ({ uri })),
    });
    if (!text) {
      throw new Error(
        vscode.l10n.t("Nothing fits into the setting aiana.contextMaxTokens: raise it to quote anything."),
      );
    }
    const count = uris.length - leftOut;
    const name = count === 1 ? "aiana-memory" : `aiana-${count}-memories`;
    await this.chat.attach(name, text, tokens);
  }

  async remember(uris: string[]): Promise<void> {
    const texts = await this.quoted(uris.map((uri) => ({ uri })));
    if (texts.some(({ kind }) => kind === "session")) {
      throw new Error(vscode.l10n.t("Put the cursor into what was said in the conversation first."));
    }
    for (const { content, sessionId } of texts) {
      await storeMemory(this.server, { content, sessionId });
    }
  }

  async edit([uri]: string[]): Promise<void> {
    const [id] = memoryIds(uri ? [uri] : []);
    if (id) {
      await this.documents.edit((await this.server.request(wire.memoryGet, { id })).memory);
    }
  }

  async forget(uris: string[]): Promise<void> {
    const ids = memoryIds(uris);
    if (!ids.length) {
      return;
    }
    const gone = await Promise.all(
      ids.map(async (id) => (await this.server.request(wire.memoryGet, { id })).memory),
    );
    const { receipt } = await this.server.request(wire.memoryDelete, { ids });
    const undo = vscode.l10n.t("Undo");
    const what = gone.length === 1 ? firstLine(gone[0]!.content) : vscode.l10n.t("{0} memories", gone.length);
    const said = [vscode.l10n.t("Forgotten: {0}", what), ...leftOf([receipt])].join(" · ");
    const choice = await vscode.window.showInformationMessage(said, undo);
    if (choice === undo) {
      await Promise.all(gone.map((memory) => this.server.request(wire.memoryRestore, { memory })));
    }
  }

  async rate(uris: string[], rating: wire.Rating): Promise<void> {
    for (const id of memoryIds(uris)) {
      await this.server.request(wire.memoryFeedback, { id, rating });
      vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Thank you: noted")}`, 3_000);
    }
  }

  /** Pin them all; if all are pinned, unpin them. */
  async pin(uris: string[]): Promise<void> {
    const memories = await Promise.all(
      memoryIds(uris).map(async (id) => (await this.server.request(wire.memoryGet, { id })).memory),
    );
    const all = memories.every(({ tags }) => tags.includes(PINNED));
    for (const { id } of memories) {
      await this.server.request(wire.memoryPin, { id, pinned: !all });
    }
  }

  /** Delete conversations after a question that says how many they are. */
  async deleteSession(uris: string[]): Promise<void> {
    const named = uris.map(parseTarget).filter((target) => target?.kind === "session");
    const sessions = new Map<string, wire.Session>();
    for (const { id, source } of named) {
      const { session } = await this.server.request(wire.sessionGet, { id, source });
      sessions.set(session.uri, session);
    }
    if (sessions.size) {
      await this.deleteAll([...sessions.values()]);
    }
  }

  private async deleteAll(sessions: wire.Session[]): Promise<void> {
    const messages = sessions.reduce((sum, { messageCount }) => sum + messageCount, 0);
    const [first] = sessions;
    const question =
      sessions.length === 1
        ? vscode.l10n.t("Delete the conversation “{0}” from Aiana?", first!.title || first!.id)
        : vscode.l10n.t("Delete {0} conversations from Aiana?", sessions.length);
    const detail =
      messages === 1
        ? vscode.l10n.t(
            "1 message goes for good, and later imports leave it out. The assistant's own files stay.",
          )
        : vscode.l10n.t(
            "{0} messages go for good, and later imports leave them out. The assistant's own files stay.",
            messages,
          );
    const remove = vscode.l10n.t("Delete");
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) {
      return;
    }
    const receipts: (wire.Receipt | null)[] = [];
    for (const { id, source } of sessions) {
      receipts.push((await this.server.request(wire.sessionDelete, { id, source })).receipt);
    }
    const left = leftOf(receipts);
    if (left.length) {
      void vscode.window.showInformationMessage([vscode.l10n.t("Deleted."), ...left].join(" "));
    }
  }

  async copyText(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied")}`, 3_000);
  }

  /** The editor in front takes no text: say so, and offer what does. */
  private async insertElsewhere(active: vscode.TextEditor | undefined, text: string): Promise<void> {
    const last = this.lastEditor;
    const other = last && last !== active && !last.document.isClosed ? last.document : undefined;
    const there = other && vscode.l10n.t("Insert into {0}", firstLine(other.fileName.split(/[\\/]/).pop()!));
    const fresh = vscode.l10n.t("New File");
    const copy = vscode.l10n.t("Copy Text");
    const why = active
      ? vscode.l10n.t("This document is read-only: the text was not inserted.")
      : vscode.l10n.t("No file is open: the text was not inserted.");
    const choices = [there, fresh, copy].filter((choice) => choice !== undefined);
    const choice = await vscode.window.showWarningMessage(why, ...choices);
    if (choice === copy) {
      await this.copyText(text);
    } else if (choice === fresh) {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text }));
    } else if (choice !== undefined && other) {
      const editor = await vscode.window.showTextDocument(other, last?.viewColumn);
      if (!(await insertInto(editor, text))) {
        await this.insertElsewhere(editor, text);
      }
    }
  }

  /** The passages that are shown of the texts; a text of which none is shown is meant as a whole. */
  private async text(uris: string[]): Promise<string> {
    const texts = uris.map((uri) => {
      const snippet = parseTarget(uri)?.kind === "memory" ? undefined : this.snippets.get(uri);
      return { uri, snippet };
    });
    return (await this.quoted(texts)).map(({ content }) => content).join("\n\n");
  }

  private async quoted(texts: wire.TextToQuote[]): Promise<wire.QuotedText[]> {
    return (await this.server.request(wire.quote, { texts })).texts;
  }
}

/** False if the editor takes no text. */
async function insertInto(editor: vscode.TextEditor, text: string): Promise<boolean> {
  // A document of ours that can be changed is for its own text.
  if (editor.document.uri.scheme === SCHEME) {
    return false;
  }
  const done = await editor.edit((edit) => {
    for (const selection of editor.selections) {
      edit.replace(selection, text);
    }
  });
  if (done) {
    await vscode.window.showTextDocument(editor.document, editor.viewColumn);
  }
  return done;
}

/** Sentences on where words of what was deleted still stand; none if they do nowhere. */
function leftOf(receipts: (wire.Receipt | null)[]): string[] {
  const files = new Set(receipts.flatMap((receipt) => receipt?.traces ?? []));
  const left = [];
  if (files.size) {
    left.push(
      vscode.l10n.t(
        "Some of its words still stand in {0}, since something that is kept says them too, or another program reads it.",
        [...files].join(", "),
      ),
    );
  }
  // Other files are cleaned by the time that this is read.
  if (receipts.some((receipt) => receipt?.pending.includes("backups"))) {
    left.push(vscode.l10n.t("The backups still hold it, and are being cleaned."));
  }
  return left;
}

function memoryIds(uris: string[]): string[] {
  return uris.map(parseTarget).flatMap((target) => (target?.kind === "memory" ? target.id : []));
}
