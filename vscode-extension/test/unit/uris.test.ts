import { expect, test } from "vitest";
import { fileName, parseTarget } from "../../src/uris";

test.each([
  ["aiana:///session/abc#m1", { kind: "session", id: "abc", messageId: "m1" }],
  ["aiana:///session/abc/codex#m1", { kind: "session", id: "abc", source: "codex", messageId: "m1" }],
  ["aiana:///session/a%252Fb/codex/Its title.aiana", { kind: "session", id: "a/b", source: "codex" }],
  ["aiana:///session/abc", { kind: "session", id: "abc" }],
  ["aiana:/session/a%2Fb/Fix the login.md", { kind: "session", id: "a/b" }],
  ["aiana:///memory/7d4f", { kind: "memory", id: "7d4f" }],
  ["aiana:/doctor/Doctor.md", undefined],
  ["aiana:///session/", undefined],
  ["https://example.org/session/abc", undefined],
])("%s", (uri, target) => {
  expect(parseTarget(uri)).toEqual(target);
});

test("a title becomes a file name that VS Code can show", () => {
  expect(fileName('why does "a/b" fail?\n#2')).toBe("why does a b fail 2.aiana");
  expect(fileName("???")).toBe("Aiana.aiana");
});

test("no sign is cut in half", () => {
  expect(fileName("🙂".repeat(70))).toBe(`${"🙂".repeat(60)}.aiana`);
});
