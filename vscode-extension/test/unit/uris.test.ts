import { expect, test } from "vitest";
import { fileName, parseTarget } from "../../src/uris";

test.each([
  ["aiana:///session/abc#m1", { kind: "session", id: "abc", messageId: "m1" }],
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
  expect(fileName('why does "a/b" fail?\n#2')).toBe("why does a b fail 2.md");
  expect(fileName("???")).toBe("Aiana.md");
});
