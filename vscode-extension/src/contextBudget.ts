/** What memory has to say, within what a model has room for. */

import type * as vscode from "vscode";
import * as wire from "./protocol";
import type { Server } from "./server";

const TRIES = 3;
/** The server and the model count differently: aim a little below. */
const MARGIN = 0.9;

/**
 * The context for `params` in at most `budget` tokens as `count` counts them; with an empty text if nothing
 * that short is worth telling.
 */
export async function contextWithin(
  server: Server,
  params: wire.ContextParams,
  budget: number,
  count: (text: string) => Thenable<number>,
  token: vscode.CancellationToken,
): Promise<wire.ContextResult> {
  let memory = await server.request(wire.context, params, token);
  for (let tries = TRIES; memory.context; tries--) {
    const tokens = await count(memory.context);
    if (tokens <= budget) {
      return memory;
    }
    const maxTokens = tries > 0 ? Math.max(0, Math.floor(((memory.tokens * budget) / tokens) * MARGIN)) : 0;
    memory = await server.request(wire.context, { ...params, maxTokens }, token);
  }
  return memory;
}
