/** Sends what a user wrote so that a server that falls, or is restarted, loses none of it. */

import * as vscode from "vscode";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";
import { currentProject } from "./workspace";

const RETRIES = 3;
/** A connection that fell is noticed a little later than its end is. */
const PAUSE_MS = 200;
/** The codes of a server that stops with work waiting, and of `vscode-jsonrpc` for a connection that fell. */
const LOST = new Set([-32099, -32098, -32097, -32096, -32802, -32800]);

/** A server that answered has said why; without its answer it is not known to have heard. */
function isLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code !== "number" || LOST.has(code);
}

/** Keep a memory; a repeated try stores nothing twice. */
export function addMemory(server: Server, params: wire.MemoryAddParams): Promise<wire.MemoryAdded> {
  return despiteRestarts(server, addition(server, params));
}

/** Keep a memory, or ask the user what to do with its text; undefined if they give up. */
export function addMemoryOrAsk(
  server: Server,
  params: wire.MemoryAddParams,
): Promise<wire.MemoryAdded | undefined> {
  return sendOrAsk(server, params.content, addition(server, params));
}

function addition(server: Server, params: wire.MemoryAddParams): () => Promise<wire.MemoryAdded> {
  const project = params.project ?? currentProject()?.path ?? "";
  const keyed = { ...params, project, idempotencyKey: crypto.randomUUID() };
  return () => server.request(wire.memoryAdd, keyed);
}

/** Send until it is stored or the user gives up; `text` is what they would have to write again. */
export async function sendOrAsk<R>(
  server: Server,
  text: string,
  send: () => Promise<R>,
): Promise<R | undefined> {
  for (;;) {
    try {
      return await despiteRestarts(server, send);
    } catch (error) {
      if (!(await tryAgain(server, text, error))) {
        return undefined;
      }
    }
  }
}

async function despiteRestarts<R>(server: Server, send: () => Promise<R>): Promise<R> {
  for (let left = RETRIES; ; left--) {
    try {
      return await send();
    } catch (error) {
      const hopeless = server.state === "missing" || server.state === "failed";
      if (!left || hopeless || !isLost(error)) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function tryAgain(server: Server, text: string, error: unknown): Promise<boolean> {
  const install = server.state === "missing" && vscode.workspace.isTrusted;
  const again = install ? vscode.l10n.t("Install Server") : vscode.l10n.t("Try Again");
  const copy = vscode.l10n.t("Copy Text");
  const choice = await vscode.window.showErrorMessage(
    vscode.l10n.t("Not stored. {0}", messageOf(error)),
    again,
    copy,
  );
  if (choice === copy) {
    await vscode.env.clipboard.writeText(text);
  } else if (choice === again && install) {
    await vscode.commands.executeCommand("aiana.installServer");
  } else if (choice === again && server.state === "failed") {
    await server.requestRestart();
  }
  return choice === again;
}
