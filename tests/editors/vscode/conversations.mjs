// Conversations of an assistant, as many as a test wants.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes transcripts of another project, all of them questions that begin with “many”; returns how many messages. */
export function writeConversations(world, sessions, messages) {
  const folder = join(world.claude, "projects", "many");
  mkdirSync(folder);
  for (let session = 0; session < sessions; session++) {
    const sessionId = `00000000-0000-4000-8000-${String(session).padStart(12, "0")}`;
    const line = (index) => ({
      parentUuid: null,
      sessionId,
      type: "user",
      cwd: join(world.folder, "elsewhere"),
      version: "2.1.38",
      message: { role: "user", content: `many ${session} ${index} ${"lorem ipsum ".repeat(20)}` },
      uuid: `${String(session).padStart(8, "0")}-0000-4000-8000-${String(index).padStart(12, "0")}`,
      timestamp: "2026-02-03T10:40:30.137Z",
    });
    const lines = Array.from({ length: messages }, (_, index) => JSON.stringify(line(index)));
    writeFileSync(join(folder, `${sessionId}.jsonl`), `${lines.join("\n")}\n`);
  }
  return sessions * messages;
}
