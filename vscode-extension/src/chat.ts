/** Gives text to the chat as an attached file, or to the clipboard where there is no such chat. */

import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";

const KEPT_MS = 24 * 3_600_000;

export class Chat {
  /** @param folder where attached files are written; readable by this user alone */
  constructor(
    private readonly folder: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Whether this editor has a chat that takes what is attached, and lets it be used. */
  async isThere(): Promise<boolean> {
    return (
      !vscode.workspace.getConfiguration("chat").get("disableAIFeatures") &&
      (await vscode.commands.getCommands(true)).includes("workbench.action.chat.newChat")
    );
  }

  /** Attach `text` to the chat's input without sending; the file's name says its size. */
  async attach(name: string, text: string, tokens: number): Promise<void> {
    const file = await this.write(`${name}-${tokens}-tokens.md`, text);
    try {
      if (vscode.workspace.getConfiguration("chat").get("disableAIFeatures")) {
        throw new Error("chat.disableAIFeatures is on");
      }
      await vscode.commands.executeCommand("workbench.action.chat.open", {
        query: "",
        isPartialQuery: true,
        attachFiles: [vscode.Uri.file(file)],
      });
      vscode.window.setStatusBarMessage(
        `$(check) ${vscode.l10n.t("Attached to the chat: about {0} tokens", tokens)}`,
        6_000,
      );
    } catch (error) {
      this.log.info("This editor's chat takes no attachments; using the clipboard.", error);
      await vscode.env.clipboard.writeText(text);
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Copied about {0} tokens to the clipboard: paste them into the chat.", tokens),
      );
    }
  }

  /** Each text gets a folder of its own, so that what is attached already stays as it is. */
  private async write(name: string, text: string): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await chmod(this.folder, 0o700);
    await this.prune();
    const file = join(await mkdtemp(join(this.folder, "text-")), name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  }

  private async prune(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      // Another window may have been first.
      const written = await stat(path).catch(() => undefined);
      if (written && Date.now() - written.mtimeMs > KEPT_MS) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
}
