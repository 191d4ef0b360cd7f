import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installPlan } from "../../src/installer";

test("the server comes first, then what it can do without; never torch", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aiana-plan-"));
  const uv = join(folder, "uv");
  writeFileSync(uv, "");
  chmodSync(uv, 0o700);
  const plan = await installPlan("/ext/dist/aiana-0.1.0-py3-none-any.whl", "/env", folder, "linux");
  const words = plan!.map(({ command, args, optional = false }) => [command, args.at(-1), optional]);
  expect(words).toEqual([
    [uv, "/env", false],
    [uv, "/ext/dist/aiana-0.1.0-py3-none-any.whl", false],
    [uv, "aiana[semantic] @ file:///ext/dist/aiana-0.1.0-py3-none-any.whl", true],
    ["/env/bin/aiana", "compile", true],
  ]);
});

test("without uv and Python there is no plan", async () => {
  expect(await installPlan("/a.whl", "/env", "", "linux")).toBeUndefined();
});
