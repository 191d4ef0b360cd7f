/** `Aiana: Show Archive`: per assistant, what lies on this machine and what is kept of it; counts open into lists. */

import * as vscode from "vscode";
import { age } from "./labels";
import * as wire from "./protocol";
import type { Server } from "./server";
import { button, commandUri, escaped, WebPage } from "./webPages";

/** A column of the table, of which each number opens into a list. */
type Part = "onDisk" | "stored" | "missing" | "expiring" | "recovered" | "lines";

const PARTS: Part[] = ["onDisk", "stored", "missing", "expiring", "recovered", "lines"];
/** Rows of one list; a page with more is slow, and nobody reads it. */
const MOST = 1_000;
const SOON_MS = 7 * 86_400_000;

interface Opened {
  source: string;
  part: Part;
}

export class ArchivePage {
  private readonly page: WebPage;

  constructor(
    extension: vscode.Uri,
    private readonly server: Server,
  ) {
    this.page = new WebPage(extension, "aiana.archive", vscode.l10n.t("Archive"), [
      "aiana.archive",
      "aiana.archive.list",
      "aiana.archive.open",
      "aiana.importSessions",
    ]);
  }

  /** Reconcile all assistants anew, and show the table. */
  async open(): Promise<void> {
    const { sources } = await this.ask({});
    this.page.show(table(sources));
  }

  /** Show the files, or the lines, that a number of the table counts. */
  async list(source: unknown, part: unknown): Promise<void> {
    const chosen = PARTS.find((each) => each === part);
    if (typeof source === "string" && chosen) {
      const { sources } = await this.ask({ sources: [source], files: true });
      if (sources[0]) {
        this.page.show(list(sources[0], { source, part: chosen }));
      }
    }
  }

  /** Show a transcript as it lies on the disk; lines count from 1, and 0 is none. */
  async openFile(path: unknown, line: unknown): Promise<void> {
    if (typeof path === "string") {
      const at = new vscode.Position(Math.max(0, Number(line) - 1 || 0), 0);
      await vscode.window.showTextDocument(vscode.Uri.file(path), { selection: new vscode.Range(at, at) });
    }
  }

  private ask(params: wire.SourcesParams): Thenable<wire.SourceList> {
    const title = vscode.l10n.t("Looking through the assistants' files…");
    const location = vscode.ProgressLocation.Window;
    return vscode.window.withProgress({ location, title }, () =>
      this.server.request(wire.captureSources, params),
    );
  }
}

function table(sources: wire.SourceStatus[]): string {
  const here = sources.filter(({ onDisk, stored, vanished }) => onDisk + stored + vanished > 0);
  const absent = sources.filter((source) => !here.includes(source)).map(({ title }) => title);
  const heads = [vscode.l10n.t("Assistant"), ...PARTS.map(partTitle), vscode.l10n.t("Last Import")];
  const rows = here.map((source) => {
    const numbers = PARTS.map((part) => `<td>${number(source, part)}</td>`).join("");
    const read = age(source.lastImport, Date.now(), vscode.env.language);
    return `<tr><th scope="row">${escaped(source.title)}</th>${numbers}<td>${escaped(read)}</td></tr>`;
  });
  const failures = here.flatMap(({ title, failed }) =>
    failed.map(({ path, reason }) => `<li><p>${escaped(`${title}: ${path}: ${reason}`)}</p></li>`),
  );
  const nothing = vscode.l10n.t("No conversations of assistants were found on this machine.");
  return [
    `<p>${escaped(vscode.l10n.t("What the assistants keep on this machine, and what Aiana keeps of it. A number opens the files that it counts."))}</p>`,
    rows.length
      ? `<div class="wide"><table><thead><tr>${heads.map((head) => `<th scope="col">${escaped(head)}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`
      : `<p>${escaped(nothing)}</p>`,
    failures.length
      ? `<h2>${escaped(vscode.l10n.t("Cannot be read"))}</h2><ul>${failures.join("\n")}</ul>`
      : "",
    `<p class="buttons">${button(commandUri("aiana.archive"), vscode.l10n.t("Look Again"))}`,
    `${button(commandUri("aiana.importSessions"), vscode.l10n.t("Import Sessions"), "secondary")}</p>`,
    absent.length
      ? `<p class="facts">${escaped(vscode.l10n.t("Nothing found of: {0}", absent.join(", ")))}</p>`
      : "",
  ].join("\n");
}

function number(source: wire.SourceStatus, part: Part): string {
  const count = countOf(source, part);
  const text = count.toLocaleString(vscode.env.language);
  if (!count) {
    return text;
  }
  const label = `${source.title}, ${partTitle(part)}: ${text}`;
  const uri = commandUri("aiana.archive.list", source.name, part);
  return `<a class="${part}" href="${escaped(uri)}" aria-label="${escaped(label)}">${text}</a>`;
}

function countOf(source: wire.SourceStatus, part: Part): number {
  const counts: Record<Part, number> = {
    onDisk: source.onDisk,
    stored: source.stored,
    missing: source.missing,
    expiring: source.expiringSoon,
    recovered: source.vanished,
    lines: source.skippedLines,
  };
  return counts[part];
}

function list(source: wire.SourceStatus, { part }: Opened): string {
  const rows = part === "lines" ? linesOf(source) : filesOf(source, part);
  const shown = rows.slice(0, MOST);
  const count = part === "lines" ? source.skippedLines : rows.length;
  const rest = count - shown.length;
  const more = vscode.l10n.t("{0} more are not shown; `aiana sources --files` prints all.", rest);
  return [
    `<p>${button(commandUri("aiana.archive"), vscode.l10n.t("All Assistants"), "secondary")}</p>`,
    `<h2>${escaped(`${source.title} · ${partTitle(part)} · ${count.toLocaleString(vscode.env.language)}`)}</h2>`,
    `<ul>${shown.join("\n")}</ul>`,
    rest > 0 ? `<p class="facts">${escaped(more)}</p>` : "",
  ].join("\n");
}

function filesOf(source: wire.SourceStatus, part: Exclude<Part, "lines">): string[] {
  const belongs: Record<typeof part, (file: wire.SourceFile) => boolean> = {
    onDisk: ({ state }) => state !== "recovered",
    stored: ({ state }) => state === "stored" || state === "recovered",
    missing: ({ state }) => state === "waiting" || state === "skipped",
    expiring: ({ state, expires }) => state !== "recovered" && !!expires && isSoon(expires),
    recovered: ({ state }) => state === "recovered",
  };
  return source.files.filter(belongs[part]).map((file) => {
    const expires =
      file.expires && file.state !== "recovered"
        ? vscode.l10n.t("the assistant deletes it on {0}", dayOf(file.expires))
        : "";
    const why = [stateTitle(file.state), file.reason ?? "", expires].filter(Boolean).join(" · ");
    return item(file.path, file.state === "recovered" ? undefined : 0, why);
  });
}

function linesOf(source: wire.SourceStatus): string[] {
  const gone = new Set(source.files.filter(({ state }) => state === "recovered").map(({ path }) => path));
  const named = source.files.flatMap(({ lines }) => lines);
  return (named.length ? named : source.leftOut).map(({ path, line, reason }) => {
    const place = line ? vscode.l10n.t("line {0}: {1}", line, reason) : reason;
    return item(path, gone.has(path) ? undefined : line, place);
  });
}

/** A file that can be opened at a line, or one that is gone. */
function item(path: string, line: number | undefined, detail: string): string {
  const name =
    line === undefined
      ? `<span>${escaped(path)}</span>`
      : `<a href="${escaped(commandUri("aiana.archive.open", path, line))}">${escaped(path)}</a>`;
  return `<li><div>${name}<p>${escaped(detail)}</p></div></li>`;
}

function isSoon(time: string): boolean {
  return Date.parse(time) - Date.now() <= SOON_MS;
}

function dayOf(time: string): string {
  return new Date(time).toLocaleDateString(vscode.env.language, { dateStyle: "medium" });
}

function partTitle(part: Part): string {
  switch (part) {
    case "onDisk":
      return vscode.l10n.t("On Disk");
    case "stored":
      return vscode.l10n.t("Stored");
    case "missing":
      return vscode.l10n.t("Missing");
    case "expiring":
      return vscode.l10n.t("Expiring Soon");
    case "recovered":
      return vscode.l10n.t("Kept Though Lost");
    case "lines":
      return vscode.l10n.t("Lines Not Understood");
  }
}

function stateTitle(state: wire.SourceFile["state"]): string {
  switch (state) {
    case "stored":
      return vscode.l10n.t("stored");
    case "waiting":
      return vscode.l10n.t("not read to its end yet");
    case "skipped":
      return vscode.l10n.t("cannot be read");
    case "recovered":
      return vscode.l10n.t("kept though the assistant lost it");
  }
}
