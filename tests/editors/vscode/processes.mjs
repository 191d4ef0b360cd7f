// The servers that the editors under test have started.
import { readdirSync, readFileSync } from "node:fs";

/** Process ids of the language servers on this world's data. */
export function serverPids(world) {
  return readdirSync("/proc").filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return (
        words.includes("lsp") &&
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(`AIANA_HOME=${world.home}\0`)
      );
    } catch {
      return false;
    }
  });
}
