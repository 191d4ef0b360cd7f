// Collects the strings of the extension and of the panel for translators.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

execFileSync("vscode-l10n-dev", ["export", "--outDir", "l10n", "src"], { stdio: "inherit" });
const file = "l10n/bundle.l10n.json";
const strings = JSON.parse(readFileSync(file, "utf8"));
for (const name of readdirSync("webview").filter((each) => each.endsWith(".ts"))) {
  for (const [, text] of readFileSync(`webview/${name}`, "utf8").matchAll(/\bt\("([^"]+)"/g)) {
    strings[text] = text;
  }
}
writeFileSync(file, `${JSON.stringify(strings, null, 2)}\n`);
