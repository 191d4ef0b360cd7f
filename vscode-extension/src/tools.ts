/** What language models may call by themselves: `aiana_recall` and `aiana_remember`. */

import * as vscode from "vscode";
import * as wire from "./protocol";
import type { Server } from "./server";
import { currentProject } from "./workspace";

interface RecallInput {
  query: string;
  scope?: wire.Scope;
  maxTokens?: number;
}

interface RememberInput {
  content: string;
  memoryType?: wire.MemoryType;
}

export function registerTools(server: Server): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.lm.registerTool("aiana_recall", recallTool(server)),
    vscode.lm.registerTool("aiana_remember", rememberTool(server)),
  );
}

function recallTool(server: Server): vscode.LanguageModelTool<RecallInput> {
  return {
    prepareInvocation: ({ input }) => ({ invocationMessage: vscode.l10n.t("Recalling “{0}”", input.query) }),
    async invoke({ input, tokenizationOptions }, token) {
      const budgets = [input.maxTokens, tokenizationOptions?.tokenBudget].filter((budget) => budget !== undefined);
      const project = currentProject();
      const { context } = await server.request(
        wire.context,
        {
          query: input.query,
          scope: input.scope ?? (project ? "project" : "all"),
          project: project?.path,
          maxTokens: budgets.length ? Math.max(0, Math.floor(Math.min(...budgets))) : undefined,
        },
        token,
      );
      return text(context || "Nothing relevant is known.");
    },
  };
}

function rememberTool(server: Server): vscode.LanguageModelTool<RememberInput> {
  return {
    prepareInvocation: ({ input }) => ({
      invocationMessage: vscode.l10n.t("Remembering"),
      confirmationMessages: {
        title: vscode.l10n.t("Remember this?"),
        message: new vscode.MarkdownString().appendText(input.content),
      },
    }),
    async invoke({ input }, token) {
      const params: wire.MemoryAddParams = {
        content: input.content,
        memoryType: input.memoryType,
        project: currentProject()?.path ?? "",
        idempotencyKey: crypto.randomUUID(),
      };
      const { memory, duplicateOf, redactions } = await server.request(wire.memoryAdd, params, token);
      const outcome = duplicateOf ? "It was remembered already" : "Remembered";
      const note = redactions ? ` ${redactions} secrets were taken out before it was stored.` : "";
      return text(`${outcome} as aiana:///memory/${memory.id}.${note}`);
    },
  };
}

function text(value: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(value)]);
}
