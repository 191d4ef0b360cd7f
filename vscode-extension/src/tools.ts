/** What language models may call by themselves: `aiana_recall` and `aiana_remember`. */

import * as vscode from "vscode";
import { contextWithin } from "./contextBudget";
import { addMemory } from "./keeping";
import type * as wire from "./protocol";
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
      check(input.query, "query", "a short question, an error text or an identifier");
      checkOneOf(input.scope, "scope", ["project", "all"]);
      if (input.maxTokens !== undefined && !(Number.isInteger(input.maxTokens) && input.maxTokens > 0)) {
        throw new Error("`maxTokens` must be a whole number above 0.");
      }
      const project = currentProject();
      const params: wire.ContextParams = {
        query: input.query,
        scope: input.scope ?? (project ? "project" : "all"),
        project: project?.path,
        maxTokens: input.maxTokens,
      };
      const { tokenBudget, countTokens } = tokenizationOptions ?? {
        tokenBudget: Infinity,
        countTokens: () => Promise.resolve(0),
      };
      const { context } = await contextWithin(
        server,
        params,
        tokenBudget,
        (text) => countTokens(text, token),
        token,
      );
      return text(context || "Nothing relevant is known.");
    },
  };
}

function rememberTool(server: Server): vscode.LanguageModelTool<RememberInput> {
  return {
    prepareInvocation({ input }) {
      checkRemember(input); // Before the user is asked.
      return {
        invocationMessage: vscode.l10n.t("Remembering"),
        confirmationMessages: {
          title: vscode.l10n.t("Remember this?"),
          message: new vscode.MarkdownString().appendText(input.content),
        },
      };
    },
    async invoke({ input }, token) {
      checkRemember(input);
      if (token.isCancellationRequested) {
        throw new vscode.CancellationError();
      }
      const { content, memoryType } = input;
      const { memory, duplicateOf, redactions } = await addMemory(server, { content, memoryType });
      const outcome = duplicateOf ? "It was remembered already" : "Remembered";
      const secrets = redactions === 1 ? "1 secret was" : `${redactions} secrets were`;
      const note = redactions ? ` ${secrets} taken out before it was stored.` : "";
      return text(`${outcome} as ${memory.uri}.${note}`);
    },
  };
}

function checkRemember({ content, memoryType }: RememberInput): void {
  check(content, "content", "one to three sentences");
  checkOneOf(memoryType, "memoryType", ["insight", "pattern", "preference"]);
}

// Models read these errors and try again, so they are in English and say what is wanted.
function check(value: unknown, name: string, wanted: string): void {
  if (typeof value !== "string" || !value.trim()) {
    throw new Error(`\`${name}\` is missing: give ${wanted}.`);
  }
}

function checkOneOf(value: unknown, name: string, choices: string[]): void {
  if (value !== undefined && !choices.includes(value as string)) {
    throw new Error(`\`${name}\` must be one of ${choices.join(", ")}.`);
  }
}

function text(value: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(value)]);
}
