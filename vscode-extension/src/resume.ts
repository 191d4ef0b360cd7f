/** The way back into a session: in its own assistant, or an account of it for a new one. */

import * as vscode from "vscode";
import type { Chat } from "./chat";
import * as wire from "./protocol";
import type { Server } from "./server";

interface Destination extends vscode.QuickPickItem {
  go: () => Promise<void>;
}

export class Resuming {
  constructor(
    private readonly server: Server,
    private readonly chat: Chat,
  ) {}

  /** How to go on with the session that the URI is of, or is in. */
  way(uri: string): Promise<wire.Resumption> {
    return this.server.request(wire.sessionResume, { uri });
  }

  /** Go on with a session; where that cannot be, say why and offer a new one. */
  async resume(uri: string): Promise<void> {
    const way = await this.way(uri);
    const own = inOwnExtension(way);
    if (own) {
      await vscode.env.openExternal(own);
    } else if (way.unavailable === null) {
      runInTerminal(way);
    } else {
      const fresh = vscode.l10n.t("Continue in a New Session…");
      if ((await vscode.window.showInformationMessage(way.unavailable, fresh)) === fresh) {
        await this.handOver(uri);
      }
    }
  }

  /** Put an account of the session where the user wants to have it. */
  async handOver(uri: string): Promise<void> {
    const account = await this.server.request(wire.sessionHandover, { uri });
    if (!account.items.length) {
      throw new Error(vscode.l10n.t("Nothing was said in this conversation that could be told."));
    }
    const choice = await vscode.window.showQuickPick(await this.destinations(uri, account), {
      title: vscode.l10n.t("Hand Over: about {0} tokens", account.tokens),
      placeHolder: vscode.l10n.t("Where should the account of this conversation go?"),
    });
    await choice?.go();
  }

  private async destinations(uri: string, { context, tokens }: wire.Handover): Promise<Destination[]> {
    const begun = await this.server.request(wire.sessionResume, { uri, mode: "new" });
    const destinations: Destination[] = [
      {
        label: `$(clippy) ${vscode.l10n.t("Clipboard")}`,
        go: () => copy(context),
      },
      {
        label: `$(new-file) ${vscode.l10n.t("New Document")}`,
        go: async () => {
          const document = await vscode.workspace.openTextDocument({ content: context });
          await vscode.window.showTextDocument(document, { preview: false });
        },
      },
    ];
    if (begun.unavailable === null) {
      destinations.unshift({
        label: `$(terminal) ${begun.label}`,
        description: vscode.l10n.t("in a terminal, with the account in the clipboard"),
        go: async () => {
          await copy(context);
          runInTerminal(begun);
        },
      });
    }
    if (await this.chat.isThere()) {
      destinations.unshift({
        label: `$(comment-discussion) ${vscode.l10n.t("New Chat")}`,
        description: vscode.l10n.t("as a file that is attached"),
        go: async () => {
          await vscode.commands.executeCommand("workbench.action.chat.newChat");
          await this.chat.attach("aiana-handover", context, tokens);
        },
      });
    }
    return destinations;
  }
}

/** What opens the session in its assistant's own extension; undefined where that is not installed. */
export function inOwnExtension({ uri }: wire.Resumption): vscode.Uri | undefined {
  const address = uri === null ? undefined : vscode.Uri.parse(uri);
  return address && vscode.extensions.getExtension(address.authority)
    ? address.with({ scheme: vscode.env.uriScheme })
    : undefined;
}

/** The program itself is what runs: no shell reads its arguments. */
function runInTerminal({ label, argv, cwd }: wire.Resumption): void {
  const [shellPath, ...shellArgs] = argv;
  vscode.window.createTerminal({ name: label, cwd, shellPath, shellArgs }).show();
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied")}`, 3_000);
}
