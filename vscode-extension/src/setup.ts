/** `Aiana: Set Up Assistants`: shows what would be written into whose files, then writes it, and undoes it. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import type { Server } from "./server";

const LIMIT_MS = 60_000;

/** What `aiana setup` did, or would do, for one assistant or editor. */
interface Outcome {
  name: string;
  title: string;
  changed: string[];
  diffs: string[];
  /** Sentences for a person. */
  failed: string[];
  /** What the person still has to do. */
  then: string;
}

export async function setUpAssistants(server: Server, log: vscode.LogOutputChannel): Promise<void> {
  const would = await setup(server, "--dry-run");
  const waiting = would.filter(({ changed }) => changed.length);
  if (waiting.length) {
    await write(server, log, waiting);
  } else {
    await nothingToWrite(server, log, would);
  }
}

async function write(server: Server, log: vscode.LogOutputChannel, waiting: Outcome[]): Promise<void> {
  const title = vscode.l10n.t("Which of them should have your memory?");
  const chosen = await choose(waiting, title);
  if (!chosen.length) {
    return;
  }
  const yes = vscode.l10n.t("Write");
  const question = vscode.l10n.t("This is what would be written. Comments and all else in the files stay.");
  if (!(await agreed(chosen, question, yes))) {
    return;
  }
  const names = chosen.map(({ name }) => name);
  const done = await setup(server, ...names);
  note(done, log);
  const undo = vscode.l10n.t("Undo");
  if ((await vscode.window.showInformationMessage(said(done), undo)) === undo) {
    note(await setup(server, "--remove", ...names), log);
    void vscode.window.showInformationMessage(vscode.l10n.t("Their files are as they were."));
  }
}

async function nothingToWrite(server: Server, log: vscode.LogOutputChannel, known: Outcome[]): Promise<void> {
  const failed = known.flatMap((outcome) => outcome.failed);
  if (failed.length || !known.length) {
    const none = vscode.l10n.t("No assistant or editor that Aiana could be told to was found.");
    void vscode.window.showInformationMessage(failed.join(" ") || none);
    return;
  }
  const remove = vscode.l10n.t("Remove…");
  const message = vscode.l10n.t("{0}: they know Aiana already.", known.map(({ title }) => title).join(", "));
  if ((await vscode.window.showInformationMessage(message, remove)) !== remove) {
    return;
  }
  const would = (await setup(server, "--remove", "--dry-run")).filter(({ changed }) => changed.length);
  const chosen = await choose(would, vscode.l10n.t("Of which of them should it be taken out?"));
  const yes = vscode.l10n.t("Take Out");
  const question = vscode.l10n.t("This is what would be taken out. All else in the files stays.");
  if (chosen.length && (await agreed(chosen, question, yes))) {
    note(await setup(server, "--remove", ...chosen.map(({ name }) => name)), log);
  }
}

async function choose(outcomes: Outcome[], title: string): Promise<Outcome[]> {
  const items = outcomes.map((outcome) => ({
    label: outcome.title,
    detail: outcome.changed.join(", "),
    picked: true,
    outcome,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true });
  return chosen?.map(({ outcome }) => outcome) ?? [];
}

/** Show the difference in each file, and ask. */
async function agreed(outcomes: Outcome[], question: string, yes: string): Promise<boolean> {
  const content = `${outcomes.flatMap(({ diffs }) => diffs).join("\n")}\n`;
  const document = await vscode.workspace.openTextDocument({ language: "diff", content });
  await vscode.window.showTextDocument(document, { preview: true });
  return (await vscode.window.showInformationMessage(question, yes)) === yes;
}

function said(done: Outcome[]): string {
  const written = done.filter(({ changed }) => changed.length).map(({ title }) => title);
  const parts = [
    written.length
      ? vscode.l10n.t("Set up: {0}. New sessions of theirs have your memory.", written.join(", "))
      : "",
    ...done.map(({ changed, failed, then }) => (changed.length && !failed.length ? then : "")),
    ...done.flatMap(({ failed }) => failed),
  ];
  return parts.filter(Boolean).join(" ");
}

function note(done: Outcome[], log: vscode.LogOutputChannel): void {
  for (const { title, changed, failed } of done) {
    changed.forEach((path) => log.info(`${title}: ${path}`));
    failed.forEach((reason) => log.warn(`${title}: ${reason}`));
  }
}

/** Run `aiana setup`. Throws what it says of a failure, for a person. */
async function setup(server: Server, ...words: string[]): Promise<Outcome[]> {
  const { command, args } = await server.locate();
  const options = { env: server.environment(), timeout: LIMIT_MS };
  const answer = await new Promise<string>((resolve, reject) => {
    execFile(command, [...args, "setup", "--json", ...words], options, (error, stdout, stderr) =>
      // What failed for one of them is in the answer, beside the status.
      error && !stdout ? reject(new Error(stderr.trim() || error.message)) : resolve(stdout),
    );
  });
  return JSON.parse(answer) as Outcome[];
}
