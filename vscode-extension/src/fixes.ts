/** `Aiana: What Fixed This Error?`: the sessions in which it stood and went away, in a quick pick. */

import { basename } from "node:path";
import * as vscode from "vscode";
import type { Documents } from "./documents";
import { age, assistantIcon, assistantTitle, pickLine } from "./labels";
import * as wire from "./protocol";
import { offerCopied, selectedInEditor, selectedInTerminal } from "./selections";
import type { Server } from "./server";

/** Of the problems at a place that are asked about. */
const MOST_PROBLEMS = 3;

type Asked = Pick<wire.FixesParams, "text" | "diagnostic">;

interface FixItem extends vscode.QuickPickItem {
  uri: string;
}

/** Ask about what is selected, else about the problems at the cursor, else about what was copied. */
export async function showFixes(server: Server, documents: Documents, argument: unknown): Promise<void> {
  const asked = Array.isArray(argument)
    ? (argument as Asked[])
    : (askedInEditor() ?? (await askedOfCopied()));
  if (asked) {
    await show(server, documents, asked);
  }
}

/** Ask about what is selected in the terminal: the output of a command that failed. */
export async function showTerminalFixes(server: Server, documents: Documents): Promise<void> {
  const selected = await selectedInTerminal();
  const asked = selected ? [{ text: selected.content }] : await askedOfCopied();
  if (asked) {
    await show(server, documents, asked);
  }
}

/** Offers the answer beside a problem that is known to have gone away in a session. */
export class FixActions implements vscode.CodeActionProvider {
  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    const providedCodeActionKinds = [vscode.CodeActionKind.QuickFix];
    return vscode.languages.registerCodeActionsProvider({ scheme: "file" }, this, {
      providedCodeActionKinds,
    });
  }

  /** For a person who asks for actions: an editor that looks by itself starts and asks nothing. */
  async provideCodeActions(
    _document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics, triggerKind }: vscode.CodeActionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeAction[]> {
    if (triggerKind !== vscode.CodeActionTriggerKind.Invoke || this.server.state !== "running") {
      return [];
    }
    for (const diagnostic of diagnostics.slice(0, MOST_PROBLEMS)) {
      const asked = askedOf(diagnostic);
      const { fixes } = await this.server.request(wire.fixes, { ...asked, limit: 1 }, token);
      if (fixes.length) {
        const title = vscode.l10n.t("What fixed this error?");
        const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
        action.diagnostics = [diagnostic];
        action.command = { title, command: "aiana.fixes", arguments: [[asked]] };
        return [action];
      }
    }
    return [];
  }
}

function askedInEditor(): Asked[] | undefined {
  const selected = selectedInEditor();
  if (selected) {
    return [{ text: selected.content }];
  }
  const problems = problemsAtCursor();
  return problems.length ? problems.slice(0, MOST_PROBLEMS).map(askedOf) : undefined;
}

/** The problems under the cursor, else those of its line; errors first. */
function problemsAtCursor(): vscode.Diagnostic[] {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return [];
  }
  const place = editor.selection.active;
  const all = vscode.languages.getDiagnostics(editor.document.uri);
  const under = all.filter(({ range }) => range.contains(place));
  const onLine = all.filter(({ range }) => range.start.line <= place.line && place.line <= range.end.line);
  return (under.length ? under : onLine).sort((a, b) => a.severity - b.severity);
}

function askedOf({ message, code }: vscode.Diagnostic): Asked {
  return { diagnostic: { message, code: (typeof code === "object" ? code.value : code) ?? null } };
}

/** With nothing else to ask about, what was copied last may be meant. */
async function askedOfCopied(): Promise<Asked[] | undefined> {
  const text = await offerCopied(
    (line) => vscode.l10n.t("There is no problem at the cursor. Is it what was copied? “{0}”", line),
    vscode.l10n.t("Look for It"),
    vscode.l10n.t("Put the cursor on a problem, or select or copy a message, first."),
  );
  return text && [{ text: text.content }];
}

async function show(server: Server, documents: Documents, asked: Asked[]): Promise<void> {
  const answers = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking for what fixed this") },
    () => Promise.all(asked.map((each) => server.request(wire.fixes, each))),
  );
  const found = new Map(answers.flatMap(({ fixes }) => fixes).map((fix) => [fix.uri + fix.proof, fix]));
  if (!found.size) {
    void vscode.window.showInformationMessage(
      answers.some(({ sought }) => sought.length)
        ? vscode.l10n.t("No session is surely known in which this error went away.")
        : vscode.l10n.t("This says too little to be told from other errors."),
    );
    return;
  }
  const fixes = [...found.values()].sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp));
  const picked = await vscode.window.showQuickPick(fixes.map(itemOf), {
    title: vscode.l10n.t("What fixed this error?"),
    placeHolder: vscode.l10n.t("What was done before it was gone; Enter opens the turn in which it stood"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked) {
    await documents.open(picked.uri, { preview: false, preserveFocus: false });
  }
}

function itemOf(fix: wire.Fix): FixItem {
  const done = [...fix.files.map((file) => basename(file)), ...fix.commands.map(({ text }) => `$ ${text}`)];
  const facts = [
    fix.how === "said"
      ? vscode.l10n.t("the person said so")
      : vscode.l10n.t("ran again without it: {0}", fix.command ?? vscode.l10n.t("what was run")),
    fix.sessionTitle,
    assistantTitle(fix.source),
    age(fix.timestamp, Date.now(), vscode.env.language),
  ];
  return {
    uri: fix.uri,
    label: pickLine(done.join(", ")),
    description: pickLine(fix.message),
    detail: pickLine(facts.filter(Boolean).join(" · ")),
    iconPath: new vscode.ThemeIcon(assistantIcon(fix.source)),
  };
}
