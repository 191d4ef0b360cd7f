// The chat of VS Code with the test model.
import assert from "node:assert/strict";

const LAST_RESPONSE = ".monaco-list-row[data-last-element=true] .interactive-response";

/** The last answer in the chat. */
export const lastResponse = (page) => page.locator(LAST_RESPONSE);

/** An empty chat, with the model chosen. */
export async function newChat(editor, page) {
  await editor.ask("command", { command: "workbench.action.chat.newChat", args: [] });
  const open = { mode: "ask", query: "", isPartialQuery: true };
  await editor.ask("command", { command: "workbench.action.chat.open", args: [open] });
  // A question that comes before the model is in the picker is refused by VS Code itself.
  assert.deepEqual(await editor.ask("models"), ["Echo"]);
  await page.waitForSelector(".interactive-session .interactive-input-part >> text=Echo", {
    timeout: 60_000,
  });
}

/** Ask in the chat; the answer is whole when this returns. */
export async function ask(editor, page, query) {
  const args = [{ mode: "ask", query, blockOnResponse: true }];
  await editor.ask("command", { command: "workbench.action.chat.open", args }, 60_000);
  return lastResponse(page);
}
