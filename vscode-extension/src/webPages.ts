/** Pages without scripts: what they can do are commands that their links name. */

import * as vscode from "vscode";

/** A page in an editor of its own; `commands` are all that its links may run. */
export class WebPage {
  private panel: vscode.WebviewPanel | undefined;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly id: string,
    private readonly title: string,
    private readonly commands: string[],
  ) {}

  show(body: string): void {
    this.panel ??= this.create();
    // Once only: of two pages that follow each other closely VS Code may keep the first.
    this.panel.webview.html = this.html(this.panel.webview, body);
    this.panel.reveal();
  }

  private create(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(this.id, this.title, vscode.ViewColumn.Active, {
      enableCommandUris: this.commands,
      localResourceRoots: [vscode.Uri.joinPath(this.extension, "dist", "webview")],
    });
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media", "aiana.svg");
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }

  private html(webview: vscode.Webview, body: string): string {
    const style = (name: string) =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.extension, "dist", "webview", name)).toString();
    const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}`;
    return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(this.title)}</title>
<link rel="stylesheet" href="${style("codicon.css")}">
<link rel="stylesheet" href="${style("pages.css")}">
</head>
<body><main><h1>${escaped(this.title)}</h1>
${body}
</main></body>
</html>`;
  }
}

/** The address of a command, for a link. */
export function commandUri(command: string, ...args: unknown[]): string {
  return `command:${command}${args.length ? `?${encodeURIComponent(JSON.stringify(args))}` : ""}`;
}

export function button(uri: string, label: string, kind: "primary" | "secondary" = "primary"): string {
  return `<a class="button ${kind}" role="button" href="${escaped(uri)}">${escaped(label)}</a>`;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
