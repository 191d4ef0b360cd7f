/** Words for what the server names by identifiers; used by the extension and the panel. */

const ASSISTANTS: Record<string, { title: string; icon: string }> = {
  "claude-code": { title: "Claude Code", icon: "claude" },
  codex: { title: "Codex", icon: "openai" },
  cursor: { title: "Cursor", icon: "edit-sparkle" },
  copilot: { title: "Copilot", icon: "copilot" },
  "vscode-chat": { title: "VS Code Chat", icon: "vscode" },
  gemini: { title: "Gemini", icon: "sparkle" },
  qwen: { title: "Qwen Code", icon: "sparkle" },
  "copilot-cli": { title: "Copilot CLI", icon: "copilot" },
  specstory: { title: "SpecStory", icon: "comment-discussion" },
  cline: { title: "Cline", icon: "comment-discussion" },
  "roo-code": { title: "Roo Code", icon: "comment-discussion" },
  "kilo-code": { title: "Kilo Code", icon: "comment-discussion" },
  continue: { title: "Continue", icon: "comment-discussion" },
  zed: { title: "Zed", icon: "comment-discussion" },
  opencode: { title: "OpenCode", icon: "terminal" },
  aider: { title: "Aider", icon: "terminal" },
  droid: { title: "Droid", icon: "terminal" },
  kimi: { title: "Kimi Code", icon: "sparkle" },
  grok: { title: "Grok Build", icon: "terminal" },
  openclaw: { title: "OpenClaw", icon: "terminal" },
  pi: { title: "Pi", icon: "terminal" },
  antigravity: { title: "Antigravity", icon: "sparkle" },
  hermes: { title: "Hermes", icon: "terminal" },
  goose: { title: "Goose", icon: "terminal" },
  crush: { title: "Crush", icon: "terminal" },
  amp: { title: "Amp", icon: "terminal" },
  chatgpt: { title: "ChatGPT", icon: "openai" },
  "claude-ai": { title: "Claude.ai", icon: "claude" },
  aiana: { title: "Aiana", icon: "bookmark" },
};

export function assistantTitle(source: string | null | undefined): string {
  return source ? (ASSISTANTS[source]?.title ?? source) : "Aiana";
}

/** Name of a codicon. */
export function assistantIcon(source: string | null | undefined): string {
  return (source && ASSISTANTS[source]?.icon) || "comment-discussion";
}

/** Last part of a project's identity or path. */
export function projectName(project: string | null | undefined): string {
  return (
    project
      ?.replace(/[\\/]+$/, "")
      .split(/[\\/:]/)
      .pop()
      ?.replace(/\.git$/, "") ?? ""
  );
}

/** Without the signs that turn the direction of what follows, which would show it otherwise than it stands. */
export function directed(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

/** What to call a text. */
export function firstLine(text: string): string {
  const line = directed(text).trim().split(/\r?\n/, 1)[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** A text for one line of a quick pick, in which nothing becomes an icon. */
export function pickLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").replace(/\$\(/g, "$\u200b(");
}

/** A text in lines of so many characters at most, cut between words; a longer word has one of its own. */
export function linesOf(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= most) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

const STEPS: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, "second", 1],
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [86_400 * 14, "day", 86_400],
  [86_400 * 60, "week", 86_400 * 7],
  [86_400 * 365, "month", 86_400 * 30],
  [Infinity, "year", 86_400 * 365],
];

/** "3 days ago" in the user's language; empty for no time. */
export function age(timestamp: string | null | undefined, now: number, language: string): string {
  const time = timestamp ? Date.parse(timestamp) : NaN;
  if (Number.isNaN(time)) {
    return "";
  }
  const seconds = Math.max(0, (now - time) / 1000);
  const [, unit, size] = STEPS.find(([limit]) => seconds < limit) ?? STEPS[STEPS.length - 1]!;
  return new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }).format(
    -Math.floor(seconds / size),
    unit,
  );
}
