// Registers a model that writes down what it receives, and does what the test asks for by files:
// a file `ask.json` {id, run, input} in AIANA_TEST_FOLDER is answered by `answer-<id>.json`.
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const folder = process.env.AIANA_TEST_FOLDER;

/** How the model behaves: `answers`, `refuses`, or `breaks` off half-way. */
let behaviour = "answers";

exports.activate = (context) => {
  const texts = (message) => message.content.map((part) => part.value ?? "").join("");
  const provider = {
    provideLanguageModelChatInformation: () => [
      {
        id: "echo",
        name: "Echo",
        family: "echo",
        version: "1",
        maxInputTokens: 100000,
        maxOutputTokens: 1000,
        isUserSelectable: true,
        capabilities: { toolCalling: true },
      },
    ],
    async provideLanguageModelChatResponse(model, messages, options, progress) {
      fs.writeFileSync(path.join(folder, "prompt.json"), JSON.stringify(messages.map(texts)));
      if (behaviour === "refuses") {
        throw new Error("quota exceeded");
      }
      progress.report(new vscode.LanguageModelTextPart("ECHO: the test model has answered."));
      if (behaviour === "breaks") {
        throw new Error("connection reset");
      }
    },
    provideTokenCount: async (model, text) =>
      Math.ceil((typeof text === "string" ? text : texts(text)).length / 4),
  };
  context.subscriptions.push(vscode.lm.registerLanguageModelChatProvider("aiana-test", provider));
  context.subscriptions.push(
    vscode.workspace.registerFileSystemProvider("virtual", virtual, { isReadonly: true }),
  );
  // Of several windows the first one does what is asked.
  try {
    fs.mkdirSync(path.join(folder, "window"));
  } catch {
    return;
  }
  const timer = setInterval(() => void answer().catch(() => undefined), 100);
  context.subscriptions.push({
    dispose: () => {
      clearInterval(timer);
      fs.rmdirSync(path.join(folder, "window"));
    },
  });
};

/** A workspace that is on no disk: one folder with one file. */
const virtual = {
  onDidChangeFile: new vscode.EventEmitter().event,
  watch: () => new vscode.Disposable(() => undefined),
  stat: ({ path }) => {
    if (path !== "/" && path !== "/read.me") {
      throw vscode.FileSystemError.FileNotFound(path);
    }
    return {
      type: path === "/" ? vscode.FileType.Directory : vscode.FileType.File,
      ctime: 0,
      mtime: 0,
      size: 4,
    };
  },
  readDirectory: () => [["read.me", vscode.FileType.File]],
  readFile: () => Buffer.from("text"),
  ...Object.fromEntries(["createDirectory", "writeFile", "delete", "rename"].map((name) => [name, refuse])),
};

function refuse() {
  throw vscode.FileSystemError.NoPermissions();
}

const problems = vscode.languages.createDiagnosticCollection("aiana-test");

function rangeOf(document, text) {
  const start = document.getText().indexOf(text);
  return new vscode.Range(document.positionAt(start), document.positionAt(start + text.length));
}

const asks = {
  // A token is a character here, so that a budget is no other than the one that was given.
  tool: async ({ name, input, tokenBudget, cancel }) => {
    const source = new vscode.CancellationTokenSource();
    const tokenizationOptions = tokenBudget && { tokenBudget, countTokens: async (text) => text.length };
    const asked = vscode.lm.invokeTool(
      name,
      { input, toolInvocationToken: undefined, tokenizationOptions },
      source.token,
    );
    if (cancel) {
      source.cancel();
    }
    return (await asked).content.map((part) => part.value).join("");
  },
  // The names of the tools that are there for an agent.
  tools: async () => vscode.lm.tools.map(({ name }) => name),
  model: async (next) => {
    behaviour = next;
    return true;
  },
  clipboard: async ({ text } = {}) => {
    if (text !== undefined) {
      await vscode.env.clipboard.writeText(text);
    }
    return vscode.env.clipboard.readText();
  },
  command: async ({ command, args = [] }) => (await vscode.commands.executeCommand(command, ...args)) ?? null,
  editor: async () => {
    const editor = vscode.window.activeTextEditor;
    return (
      editor && {
        uri: editor.document.uri.toString(true),
        line: editor.selection.active.line,
        top: editor.visibleRanges[0]?.start.line,
        language: editor.document.languageId,
        text: editor.document.getText(),
      }
    );
  },
  select: async ({ file, needle, atStart }) => {
    const document = await vscode.workspace.openTextDocument(file);
    const editor = await vscode.window.showTextDocument(document);
    const { start, end } = rangeOf(document, needle);
    editor.selection = new vscode.Selection(start, atStart ? start : end);
    return true;
  },
  // A problem at the first place of a text, as a compiler would report it.
  diagnose: async ({ file, needle, message, code }) => {
    const document = await vscode.workspace.openTextDocument(file);
    const problem = new vscode.Diagnostic(rangeOf(document, needle), message);
    problems.set(document.uri, [Object.assign(problem, { code })]);
    return true;
  },
  // Where the links of the active editor lead, by their words.
  links: async () => {
    const { document } = vscode.window.activeTextEditor;
    const links = await vscode.commands.executeCommand("vscode.executeLinkProvider", document.uri);
    return links.map(({ range, target }) => [document.getText(range), target.toString(true)]);
  },
  // The outline of the active editor: names, and the names below them.
  outline: async () => {
    const { uri } = vscode.window.activeTextEditor.document;
    const symbols = await vscode.commands.executeCommand("vscode.executeDocumentSymbolProvider", uri);
    return symbols.map(({ name, children }) => [name, children.map((child) => child.name)]);
  },
  // What hovers say at the first place of a text.
  hovers: async ({ file, needle }) => {
    const document = await vscode.workspace.openTextDocument(file);
    const { start } = rangeOf(document, needle);
    const hovers = await vscode.commands.executeCommand("vscode.executeHoverProvider", document.uri, start);
    return hovers.flatMap(({ contents }) => contents.map(({ value }) => value));
  },
  folds: async () => {
    const { uri } = vscode.window.activeTextEditor.document;
    return (await vscode.commands.executeCommand("vscode.executeFoldingRangeProvider", uri)).length;
  },
  // Put the cursor onto a link of the active editor, and follow it.
  openLink: async ({ line, words }) => {
    const editor = vscode.window.activeTextEditor;
    const at = new vscode.Position(line, editor.document.lineAt(line).text.indexOf(words) + 1);
    await vscode.window.showTextDocument(editor.document, {
      selection: new vscode.Range(at, at),
      preview: false,
    });
    await vscode.commands.executeCommand("editor.action.openLink");
    return true;
  },
  setting: async ({ key, value }) => {
    await vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global);
    return true;
  },
  models: async () => (await vscode.lm.selectChatModels({ vendor: "aiana-test" })).map(({ name }) => name),
  activation: async () => {
    const extension = vscode.extensions.getExtension("aiana.aiana");
    const begin = performance.now();
    const wasActive = extension.isActive;
    await extension.activate();
    return { wasActive, ms: performance.now() - begin };
  },
};

async function answer() {
  const ask = path.join(folder, "ask.json");
  if (!fs.existsSync(ask)) {
    return;
  }
  const { id, run, input } = JSON.parse(fs.readFileSync(ask, "utf8"));
  fs.rmSync(ask);
  const reply = await asks[run](input ?? {}).then(
    (value) => ({ value }),
    (error) => ({ error: String(error) }),
  );
  const file = path.join(folder, `answer-${id}.json`);
  fs.writeFileSync(`${file}.part`, JSON.stringify(reply));
  fs.renameSync(`${file}.part`, file);
}
