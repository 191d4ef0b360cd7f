import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { locate, type Places } from "../../src/locator";

let folder: string;
let places: Places;

async function put(...parts: string[]): Promise<string> {
  const file = join(folder, ...parts);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, "");
  await chmod(file, 0o755);
  return file;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aiana-locator-"));
  places = {
    setting: [],
    path: [join(folder, "a"), join(folder, "b")].join(delimiter),
    interpreter: async () => join(folder, "venv", "bin", "python"),
    privateEnvironment: join(folder, "private"),
    platform: "linux",
  };
});

test("nothing anywhere", async () => {
  expect(await locate(places)).toBeUndefined();
});

test("the setting comes first, with its arguments", async () => {
  await put("b", "aiana");
  expect(await locate({ ...places, setting: ["python3", "-m", "aiana"] })).toEqual({
    command: "python3",
    args: ["-m", "aiana"],
    origin: "setting",
  });
});

test("then the PATH, then the interpreter's environment, then our own", async () => {
  const own = await put("private", "bin", "aiana");
  expect(await locate(places)).toEqual({ command: own, args: [], origin: "private" });
  const environment = await put("venv", "bin", "aiana");
  expect(await locate(places)).toEqual({ command: environment, args: [], origin: "environment" });
  const path = await put("b", "aiana");
  expect(await locate(places)).toEqual({ command: path, args: [], origin: "path" });
});

test("a file that may not be run is passed over", async () => {
  await chmod(await put("a", "aiana"), 0o644);
  expect(await locate(places)).toBeUndefined();
});

test("on Windows programs end in .exe and lie in Scripts", async () => {
  const own = await put("private", "Scripts", "aiana.exe");
  expect(await locate({ ...places, platform: "win32" })).toMatchObject({ command: own });
});
