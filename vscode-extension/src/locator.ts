/** Where the server is: the setting, the PATH, the active Python environment, our own installation. */

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

export type Origin = "setting" | "path" | "environment" | "private";

export interface ServerCommand {
  command: string;
  args: string[];
  origin: Origin;
}

export interface Places {
  /** `aiana.server.command`, empty when unset. */
  setting: string[];
  path: string;
  /** The Python that the user chose for this workspace, if any; asked for only when needed. */
  interpreter: () => Promise<string | undefined>;
  /** Folder of the virtual environment that the extension installs into. */
  privateEnvironment: string;
  platform: NodeJS.Platform;
}

/** The command that starts Aiana, or undefined when it is nowhere. */
export async function locate(places: Places): Promise<ServerCommand | undefined> {
  const [program, ...args] = places.setting;
  if (program) {
    return { command: program, args, origin: "setting" };
  }
  const found = (command: string | undefined, origin: Origin): ServerCommand | undefined =>
    command ? { command, args: [], origin } : undefined;
  const folders = places.path.split(delimiter).filter(Boolean);
  return (
    found(await firstExecutable("aiana", folders, places.platform), "path") ??
    found(await besideInterpreter(places), "environment") ??
    found(
      await firstExecutable("aiana", [scripts(places.privateEnvironment, places.platform)], places.platform),
      "private",
    )
  );
}

async function besideInterpreter(places: Places): Promise<string | undefined> {
  const python = await places.interpreter();
  if (!python) {
    return undefined;
  }
  const folder = dirname(python);
  return firstExecutable("aiana", [folder, join(folder, "Scripts")], places.platform);
}

/** Folder of the programs of a virtual environment. */
export function scripts(environment: string, platform: NodeJS.Platform): string {
  return join(environment, platform === "win32" ? "Scripts" : "bin");
}

/** The first file called `name` in `folders` that may be run. */
export async function firstExecutable(
  name: string,
  folders: string[],
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const file = platform === "win32" ? `${name}.exe` : name;
  for (const folder of folders) {
    const path = join(folder, file);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}
