// The server that the VSIX carries, installed after a yes: with uv, and with Python alone.
import { after, test } from "node:test";
import { Editor, found, makeWorld, palette, panelFrame, settled, uvFolder } from "./harness.mjs";

for (const [tool, programs] of [["uv", () => [uvFolder()]], ["venv and pip", () => []]]) {
  test(`without a server the view offers to install it with ${tool}, and after a yes the panel works`, { timeout: 500_000 }, async () => {
    const editor = new Editor(makeWorld(), {}, programs());
    after(() => editor.stop());
    await editor.start();
    const page = await editor.browse();
    await palette(page, "Aiana: Search in Side Panel");
    await page.click(".welcome-view .monaco-button >> text=Install Aiana", { timeout: 30_000 });
    await page.click(".monaco-dialog-box .monaco-button >> text=Install");
    await page.waitForSelector(".notification-toast >> text=/Creating a Python environment|Installing the server/", { timeout: 60_000 });
    const panel = await panelFrame(page, 400_000);
    await found(panel, "Fix users being signed out after a deploy");
    await panel.fill("#query", "why did people get logged out");
    await settled(panel);
    await panel.waitForSelector("li.row mark");
  });
}
