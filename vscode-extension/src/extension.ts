/** Puts the parts together; nothing is started before somebody asks for something. */

import { join } from "node:path";
import * as vscode from "vscode";
import { ArchivePage } from "./archive";
import { ChangedFiles } from "./changes";
import { Chat } from "./chat";
import { Doctor } from "./doctor";
import { Documents, SCHEME } from "./documents";
import { showFileHistory } from "./fileHistory";
import { FixActions, showFixes, showTerminalFixes } from "./fixes";
import { HitActions } from "./hitActions";
import { importSessions } from "./importSessions";
import { installServer } from "./installer";
import { registerMcpServer } from "./mcp";
import { Panel } from "./panel";
import { registerParticipant } from "./participant";
import { addPreference, managePreferences } from "./preferences";
import * as wire from "./protocol";
import { Lenses } from "./lenses";
import { Library, Row, urisOf } from "./library";
import { quickSearch } from "./quickSearch";
import { Resuming } from "./resume";
import { saveShared, share } from "./sharing";
import { remember, rememberConversation, rememberSelection, rememberTerminalSelection } from "./remember";
import { messageOf, Server } from "./server";
import { setUpAssistants } from "./setup";
import { createStatusItem } from "./statusItem";
import { registerTools } from "./tools";
import { sessionOf } from "./uris";
import { showWhy } from "./why";
import { currentProject } from "./workspace";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Aiana", { log: true });
  const privateEnvironment = join(context.globalStorageUri.fsPath, "server");
  server = new Server(privateEnvironment, log);
  const { version } = context.extension.packageJSON as { version: string };
  const doctor = new Doctor(context.extensionUri, server, version);
  const documents = new Documents(server);
  const changedFiles = new ChangedFiles(server);
  const storage = (context.storageUri ?? context.globalStorageUri).fsPath;
  const chat = new Chat(join(storage, "chat"), log);
  const resuming = new Resuming(server, chat);
  const actions = new HitActions(server, documents, chat);
  const library = new Library(server, resuming);
  const archive = new ArchivePage(context.extensionUri, server);
  const panel = new Panel(context.extensionUri, server, actions);
  context.subscriptions.push(
    log,
    server,
    createStatusItem(server),
    documents.register(),
    changedFiles.register(),
    actions.register(),
    new Lenses(server, documents, resuming).register(),
    new FixActions(server).register(),
    contextKeys(server),
    panel.register(),
    library.register(),
    ...restartTriggers(server),
    ...commands(context, log, server, {
      documents,
      changedFiles,
      doctor,
      chat,
      resuming,
      actions,
      panel,
      library,
      archive,
      privateEnvironment,
    }),
  );
  context.subscriptions.push(...chatParts(context, log, server, documents, version));
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}

/** Forks of VS Code may lack the chat's interfaces, or have them and refuse. */
function chatParts(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  server: Server,
  documents: Documents,
  version: string,
): vscode.Disposable[] {
  const icon = vscode.Uri.joinPath(context.extensionUri, "media", "icon.png");
  const parts = {
    "@aiana": () =>
      "chat" in vscode && "createChatParticipant" in vscode.chat
        ? registerParticipant(server, documents, icon)
        : undefined,
    tools: () => ("lm" in vscode && "registerTool" in vscode.lm ? registerTools(server) : undefined),
    "MCP server": () =>
      "lm" in vscode && "registerMcpServerDefinitionProvider" in vscode.lm
        ? registerMcpServer(() => server.locate(), version)
        : undefined,
  };
  return Object.entries(parts).flatMap(([name, register]) => {
    try {
      return register() ?? [];
    } catch (error) {
      log.warn(`This editor takes no ${name}: ${messageOf(error)}`);
      return [];
    }
  });
}

function restartTriggers(server: Server): vscode.Disposable[] {
  const restart = () => {
    if (server.state !== "idle") {
      void server.requestRestart();
    }
  };
  return [
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("aiana") && restart()),
  ];
}

interface Parts {
  documents: Documents;
  changedFiles: ChangedFiles;
  doctor: Doctor;
  chat: Chat;
  resuming: Resuming;
  actions: HitActions;
  panel: Panel;
  library: Library;
  archive: ArchivePage;
  privateEnvironment: string;
}

function commands(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  server: Server,
  {
    documents,
    changedFiles,
    doctor,
    chat,
    resuming,
    actions,
    panel,
    library,
    archive,
    privateEnvironment,
  }: Parts,
): vscode.Disposable[] {
  const register = (id: string, run: (...args: unknown[]) => unknown) =>
    vscode.commands.registerCommand(`aiana.${id}`, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        log.error(error instanceof Error ? error : String(error));
        await showError(server, error);
      }
    });
  /** Of hits, and of rows of the tree, which come with the others that are selected; `back` ends it in the panel. */
  const onHits = (id: string, run: (uris: string[]) => Promise<void>, back?: () => Promise<void>) =>
    register(`hit.${id}`, (argument, rows) => {
      if (argument instanceof Row) {
        return run(urisOf(Array.isArray(rows) ? rows : [argument]));
      }
      const uri = hitUri(argument);
      return uri === undefined ? undefined : run(panel.targets(uri)).then(back);
    });
  const onDocument = (id: string, run: (editor: vscode.TextEditor) => Promise<void>) =>
    register(`document.${id}`, () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.uri.scheme === SCHEME ? run(editor) : undefined;
    });
  return [
    register("searchMemories", () => quickSearch(server, actions)),
    register("focusSearch", () => panel.focus()),
    register("remember", () => remember(server)),
    register("rememberSelection", (place) => rememberSelection(server, place)),
    register("rememberTerminalSelection", (place) => rememberTerminalSelection(server, place)),
    register("why", () => showWhy(server, documents)),
    register("fixes", (asked) => showFixes(server, documents, asked)),
    register("terminalFixes", () => showTerminalFixes(server, documents)),
    register("fileHistory", (file) =>
      showFileHistory(server, documents, file instanceof vscode.Uri ? file : undefined),
    ),
    register("rememberConversation", () => rememberConversation(server)),
    register("addPreference", () => addPreference(server)),
    register("managePreferences", () => managePreferences(server)),
    register("importSessions", () => importSessions(server, log)),
    register("setUpAssistants", () => setUpAssistants(server, log)),
    register("addContextToChat", () => addContextToChat(server, chat)),
    register("restartServer", () => server.requestRestart()),
    register("showLogs", () => log.show()),
    register("openServerSetting", () => openServerSetting()),
    register("archive", () => archive.open()),
    register("archive.list", (source, part) => archive.list(source, part)),
    register("archive.open", (path, line) => archive.openFile(path, line)),
    register("library.more", (row) => library.more(row)),
    register("library.preview", (uri) => actions.preview([String(uri)])),
    register("library.addToChat", () => actions.addToChat(library.selected)),
    register("library.forget", async () => {
      const uris = library.selected;
      await actions.forget(uris);
      await actions.deleteSession(uris);
    }),
    register("doctor", () => doctor.open()),
    register("doctor.fix", (index) => doctor.fix(index)),
    register("doctor.copy", () => doctor.copy()),
    register("installServer", async () => {
      if (await installServer(context.extensionUri, privateEnvironment, log)) {
        await server.requestRestart();
      }
    }),
    onHits("open", (uris) => actions.open(uris)),
    onHits("resume", ([uri]) => resuming.resume(uri!)),
    onHits("handOver", ([uri]) => resuming.handOver(uri!)),
    onHits("share", ([uri]) => share(documents, uri!)),
    onHits("changes", ([uri]) => changedFiles.show(sessionOf(uri!))),
    onHits("copy", (uris) => actions.copy(uris)),
    onHits("insert", (uris) => actions.insert(uris)),
    onHits("addToChat", (uris) => actions.addToChat(uris)),
    onHits("remember", (uris) => actions.remember(uris)),
    onHits("helpful", (uris) => actions.rate(uris, "helpful")),
    onHits("unhelpful", (uris) => actions.rate(uris, "unhelpful")),
    onHits("harmful", (uris) => actions.rate(uris, "harmful")),
    onHits("pin", (uris) => actions.pin(uris)),
    onHits("edit", (uris) => actions.edit(uris)),
    onHits("forget", (uris) => actions.forget(uris)),
    // Its dialog takes the focus out of the panel, and does not give it back.
    onHits(
      "deleteSession",
      (uris) => actions.deleteSession(uris),
      () => panel.takeFocus(),
    ),
    onDocument("previousTurn", (editor) => documents.go(editor, -1)),
    onDocument("nextTurn", (editor) => documents.go(editor, 1)),
    onDocument("addToChat", async (editor) => actions.addToChat([await documents.addressAt(editor)])),
    onDocument("resume", async (editor) => resuming.resume(await documents.addressAt(editor))),
    onDocument("handOver", async (editor) => resuming.handOver(await documents.addressAt(editor))),
    onDocument("share", async (editor) => share(documents, await documents.addressAt(editor))),
    // Above a turn it is of that one, in the title of the document of all.
    register("document.changes", async (turn) => {
      const document = vscode.window.activeTextEditor?.document;
      const uri = typeof turn === "string" ? turn : document && (await documents.sessionOf(document));
      return uri === undefined ? undefined : changedFiles.show(uri);
    }),
    onDocument("saveShared", (editor) => saveShared(documents, editor)),
    onDocument("remember", async (editor) => actions.remember([await documents.addressAt(editor)])),
    onDocument("edit", async (editor) => actions.edit([await documents.addressAt(editor)])),
    onDocument("forget", async (editor) => actions.forget([await documents.addressAt(editor)])),
    onDocument("deleteSession", async (editor) => actions.deleteSession([await documents.addressAt(editor)])),
  ];
}

async function showError(server: Server, error: unknown): Promise<void> {
  const install = vscode.l10n.t("Install Server");
  const settings = vscode.l10n.t("Open Settings");
  const buttons = [
    ...(server.state === "missing" && vscode.workspace.isTrusted ? [install] : []),
    ...(server.inSettings ? [settings] : []),
  ];
  const choice = await vscode.window.showErrorMessage(messageOf(error), ...buttons);
  if (choice === install) {
    await vscode.commands.executeCommand("aiana.installServer");
  } else if (choice === settings) {
    await openServerSetting();
  }
}

async function openServerSetting(): Promise<void> {
  const query = "aiana.server.command";
  // The setting belongs to the machine: beside a remote, it stands under the remote's settings.
  await (vscode.env.remoteName
    ? vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query })
    : vscode.commands.executeCommand("workbench.action.openSettings", query));
}

/** What the walkthrough ticks off. */
function contextKeys(server: Server): vscode.Disposable {
  return server.onDidChangeStatus(({ counts }) => {
    void vscode.commands.executeCommand("setContext", "aiana.hasConversations", counts.sessions > 0);
    void vscode.commands.executeCommand("setContext", "aiana.hasMemories", counts.memories > 0);
  });
}

/** A hit's URI out of a command's argument: the URI itself, or what the panel's context menu passes. */
function hitUri(argument: unknown): string | undefined {
  if (typeof argument === "string") {
    return argument;
  }
  const uri = (argument as { aianaUri?: unknown } | undefined)?.aianaUri;
  return typeof uri === "string" ? uri : undefined;
}

async function addContextToChat(server: Server, chat: Chat): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const file = editor?.document.uri.scheme === "file" ? editor.document : undefined;
  const project = currentProject();
  const memory = await server.request(wire.context, {
    textDocument: file && { uri: file.uri.toString() },
    selection: (file && editor?.document.getText(editor.selection)) || undefined,
    project: project?.path,
    scope: project ? "project" : "all",
  });
  if (memory.context) {
    await chat.attach("aiana-context", memory.context, memory.tokens);
  } else {
    void vscode.window.showInformationMessage(vscode.l10n.t("Nothing is known that would be worth telling."));
  }
}
