/** The one connection to `aiana lsp`: started when first needed, restarted when it falls. */

import { type ChildProcess, spawn } from "node:child_process";
import * as vscode from "vscode";
import type {
  DynamicFeature,
  LanguageClient,
  LanguageClientOptions,
  StaticFeature,
} from "vscode-languageclient/node";
import { Backoff } from "./backoff";
import { activeInterpreter } from "./interpreter";
import { locate, type ServerCommand } from "./locator";
import type { ServerState } from "./panelMessages";
import * as wire from "./protocol";
import { currentProject } from "./workspace";

const READY_MS = 30_000;

/**
 * Features of the language client that this extension does in its own way: it has its own commands, and documents
 * that outlive a server and know the line of a turn.
 */
const NOT_USED = new Set(["workspace/executeCommand", "workspace/textDocumentContent"]);

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private restarting: Promise<void> | undefined;
  private restartAgain = false;
  private retry: NodeJS.Timeout | undefined;
  private disposed = false;
  /** It answered once: if it does not start now, that may pass. */
  private hasRun = false;
  private readonly backoff = new Backoff();
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly statusChanged = new vscode.EventEmitter<wire.Status>();
  private readonly storeChanged = new vscode.EventEmitter<wire.Changes>();

  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onDidChangeStore = this.storeChanged.event;

  state: ServerState = "idle";
  /** What is wrong, in one sentence, while the state is `failed`. */
  problem = "";
  /** The command that could not be started is the one that a setting names. */
  inSettings = false;
  /** The links of an `aiana:` document, which the documents know better than the server does. */
  documentLinks: (document: vscode.TextDocument) => vscode.ProviderResult<vscode.DocumentLink[]> = () => [];
  /** As the server last told it. */
  status: wire.Status | undefined;

  constructor(
    readonly privateEnvironment: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Send a request, starting the server first if need be. */
  async request<P extends object, R>(
    type: wire.RequestType<P, R>,
    params: P,
    token?: vscode.CancellationToken,
  ): Promise<R> {
    const client = await this.ready();
    return token
      ? client.sendRequest<R>(type.method, params, token)
      : client.sendRequest<R>(type.method, params);
  }

  /** Send a request, and call `onValue` with what `$/progress` brings for the token put into it. */
  async requestWithProgress<P extends object, R, V>(
    type: wire.RequestType<P, R>,
    params: P,
    tokenKey: "workDoneToken" | "partialResultToken",
    onValue: (value: V) => void,
    token: vscode.CancellationToken,
  ): Promise<R> {
    const client = await this.ready();
    const { ProgressType } = await import("vscode-languageclient/node");
    const progressToken = `aiana-${crypto.randomUUID()}`;
    const listener = client.onProgress(new ProgressType<V>(), progressToken, onValue);
    try {
      return await client.sendRequest<R>(type.method, { ...params, [tokenKey]: progressToken }, token);
    } finally {
      listener.dispose();
    }
  }

  /** Start the server if it is not running; never throws. */
  async ensureStarted(): Promise<void> {
    await this.ready().catch(() => undefined);
  }

  /** The command that starts Aiana. Throws an error for a person when it is nowhere. */
  async locate(): Promise<ServerCommand> {
    const command = await locate({
      setting: vscode.workspace.getConfiguration("aiana").get<string[]>("server.command", []),
      path: process.env.PATH ?? "",
      interpreter: async () => (vscode.workspace.isTrusted ? activeInterpreter(this.log) : undefined),
      privateEnvironment: this.privateEnvironment,
      platform: process.platform,
    });
    if (!command) {
      throw new Error(vscode.l10n.t("Aiana's server was not found on this machine."));
    }
    return command;
  }

  /** The environment of Aiana's programs: this process's, with what the settings say. */
  environment(): NodeJS.ProcessEnv {
    const settings = vscode.workspace.getConfiguration("aiana");
    const given = {
      AIANA_HOME: "server.dataFolder",
      AIANA_EMBEDDING_MODEL: "embeddingModel",
      REDIS_URL: "redisUrl",
      QDRANT_URL: "qdrantUrl",
    };
    const env = { ...process.env };
    for (const [name, key] of Object.entries(given)) {
      env[name] = settings.get<string>(key, "") || env[name];
    }
    return env;
  }

  /** Restart once; calls that come while a restart is under way are answered by one more. */
  requestRestart(): Promise<void> {
    if (this.restarting) {
      this.restartAgain = true;
      return this.restarting;
    }
    this.restarting = (async () => {
      do {
        this.restartAgain = false;
        this.hasRun = false;
        this.backoff.reset();
        await this.stop();
        await this.ensureStarted();
      } while (this.restartAgain && !this.disposed);
    })().finally(() => {
      this.restarting = undefined;
    });
    return this.restarting;
  }

  async stop(): Promise<void> {
    clearTimeout(this.retry);
    this.retry = undefined;
    await this.starting?.catch(() => undefined);
    const client = this.client;
    this.client = undefined;
    await client
      ?.dispose(2_000)
      .catch((error: unknown) => this.log.warn("The server did not stop cleanly.", error));
    // A request may have come meanwhile, and started the next one.
    if (!this.client && !this.starting) {
      this.setState("idle");
    }
  }

  dispose(): void {
    this.disposed = true;
    void this.stop();
  }

  private ready(): Promise<LanguageClient> {
    if (this.client) {
      return Promise.resolve(this.client);
    }
    if (this.disposed || this.state === "failed") {
      return Promise.reject(new Error(this.problem || vscode.l10n.t("Aiana is stopped.")));
    }
    clearTimeout(this.retry);
    this.starting ??= this.start().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async start(): Promise<LanguageClient> {
    this.setState("starting");
    const command = await this.locate().catch((error: unknown) => {
      this.setState("missing");
      throw error;
    });
    this.log.info(`Starting ${command.command} (${command.origin})`);
    try {
      const client = await this.connect(command);
      this.client = client;
      this.hasRun = true;
      this.setState("running");
      return client;
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      if (this.hasRun) {
        this.crashed();
        throw error;
      }
      this.inSettings = command.origin === "setting";
      this.problem = this.inSettings
        ? vscode.l10n.t(
            "“{0}”, the command in the setting aiana.server.command, did not start: {1}",
            [command.command, ...command.args].join(" "),
            whyNot(error),
          )
        : vscode.l10n.t("Aiana's server could not be started: {0}", whyNot(error));
      this.setState("failed");
      throw new Error(this.problem);
    }
  }

  private async connect(command: ServerCommand): Promise<LanguageClient> {
    const { LanguageClient, CloseAction, ErrorAction, RevealOutputChannelOn, State } =
      await import("vscode-languageclient/node");
    class Client extends LanguageClient {
      override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
        if (!("registrationType" in feature) || !NOT_USED.has(feature.registrationType.method)) {
          super.registerFeature(feature);
        }
      }

      /** The panel and the status item say it; a message that pops up would say it again. */
      override error(message: string, data?: unknown): void {
        super.error(message, data, false);
      }
    }
    const settings = vscode.workspace.getConfiguration("aiana");
    const hover = settings.get("hover", false);
    const options: LanguageClientOptions = {
      // The server follows edits for hovers alone: without them no text is sent.
      documentSelector: hover ? [{ scheme: "file" }] : [],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: {
        hover,
        contextMaxTokens: settings.get("contextMaxTokens") ?? undefined,
        excludedProjects: settings.get("excludedProjects") ?? [],
        excludedPaths: settings.get("excludedPaths") ?? [],
        excludedAssistants: settings.get("excludedAssistants") ?? [],
      },
      initializationFailedHandler: () => false,
      middleware: {
        provideDocumentLinks: (document) => this.documentLinks(document),
        provideHover: async (document, position, token, next) => {
          const hover = await next(document, position, token);
          return hover && new vscode.Hover(hover.contents.map(wrapping), hover.range);
        },
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    };
    const child = spawn(command.command, [...command.args, "lsp"], {
      env: this.environment(),
      cwd: currentProject()?.path,
    });
    const ended = endOf(child);
    const client = new Client("aiana", "Aiana", () => Promise.resolve(child), options);
    client.onNotification(wire.STATUS_CHANGED, (status: wire.Status) => {
      this.status = status;
      this.statusChanged.fire(status);
    });
    client.onNotification(wire.DID_CHANGE, (changes: wire.Changes) => this.storeChanged.fire(changes));
    try {
      await withTimeout(
        Promise.race([client.start(), ended]),
        READY_MS,
        vscode.l10n.t("no answer within {0} seconds", READY_MS / 1000),
      );
      // When the process ends during the handshake, `start` succeeds all the same.
      if (!client.isRunning()) {
        throw new Error(vscode.l10n.t("it ended before it answered"));
      }
    } catch (error) {
      void client.dispose(500).catch(() => undefined);
      throw error;
    }
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && this.client === client) {
        this.client = undefined;
        this.crashed();
      }
    });
    return client;
  }

  private crashed(): void {
    const wait = this.backoff.next(Date.now());
    if (wait === undefined) {
      this.problem = vscode.l10n.t(
        "Aiana's server stopped six times in three minutes and is not started again.",
      );
      this.log.error(this.problem);
      this.setState("failed");
      return;
    }
    this.log.warn(`The server stopped unexpectedly; starting it again in ${wait} ms.`);
    this.setState("starting");
    this.retry = setTimeout(() => void this.ensureStarted(), wait);
  }

  private setState(state: ServerState): void {
    if (this.state === state) {
      return;
    }
    this.state = state;
    if (state !== "failed") {
      this.problem = "";
      this.inSettings = false;
    }
    void vscode.commands.executeCommand("setContext", "aiana.serverMissing", state === "missing");
    void vscode.commands.executeCommand("setContext", "aiana.running", state === "running");
    this.stateChanged.fire(state);
  }
}

/** Plain text comes with blanks at which no line breaks. */
function wrapping(content: vscode.Hover["contents"][number]): vscode.Hover["contents"][number] {
  return content instanceof vscode.MarkdownString
    ? new vscode.MarkdownString(content.value.replaceAll("&nbsp;", " "))
    : content;
}

/** Never fulfilled; rejected with a sentence when the process cannot be started or ends. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(vscode.l10n.t("it ended at once ({0}); the log may say why", signal ?? code ?? "?"))),
    );
  });
  ended.catch(() => undefined);
  return ended;
}

function withTimeout<T>(work: Promise<T>, ms: number, reason: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(reason)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Why a program did not start, without the words of the system. */
function whyNot(error: unknown): string {
  const known: Record<string, string> = {
    ENOENT: vscode.l10n.t("there is no such program"),
    EACCES: vscode.l10n.t("it may not be run"),
  };
  return known[(error as NodeJS.ErrnoException).code ?? ""] ?? messageOf(error);
}

/** One line for a person out of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
