import { expect, test } from "vitest";
import { age, linesOf, projectName } from "../../src/labels";
import { itemOfHit, searchFilter } from "../../src/panelItems";
import type { SearchHit } from "../../src/protocol";

test("the controls become a filter of the protocol", () => {
  const none = { scope: "project", source: "", type: "", time: "" } as const;
  expect(searchFilter(none)).toEqual({});
  expect(searchFilter({ ...none, source: "codex", time: "7d" })).toEqual({ sources: ["codex"], after: "7d" });
  expect(searchFilter({ ...none, type: "pattern" })).toEqual({ kinds: ["memory"], memoryTypes: ["pattern"] });
  expect(searchFilter({ ...none, type: "user" })).toEqual({ kinds: ["message"], roles: ["user"] });
});

test("a hit found by meaning alone is marked", () => {
  const hit: SearchHit = {
    id: "1",
    kind: "message",
    uri: "u",
    snippet: "s",
    highlights: [],
    score: 1,
    scores: {},
    lanes: ["semantic"],
    project: "",
    source: "codex",
    timestamp: "",
    speaker: "Bash",
  };
  expect(itemOfHit(hit)).toMatchObject({ semantic: true, icon: "openai", source: "Codex", detail: "Bash" });
  expect(itemOfHit({ ...hit, lanes: ["keyword", "semantic"] }).semantic).toBe(false);
  expect(itemOfHit({ ...hit, speaker: "thinking" }).detail).toBe("Thinking");
  expect(itemOfHit({ ...hit, speaker: "assistant" }).detail).toBe("Answer");
});

test("conversations of two assistants are two groups, whatever they are called", () => {
  const hit: SearchHit = {
    id: "1",
    kind: "message",
    uri: "u",
    snippet: "s",
    highlights: [],
    score: 1,
    scores: {},
    lanes: ["keyword"],
    project: "",
    source: "codex",
    sessionId: "one",
    timestamp: "",
  };
  expect(itemOfHit(hit).group).not.toBe(itemOfHit({ ...hit, source: "claude-code" }).group);
  expect(itemOfHit({ ...hit, kind: "memory", source: "aiana" }).group).toBe("");
});

test("names and ages", () => {
  expect(projectName("/home/ada/shop/")).toBe("shop");
  expect(projectName("github.com/ada/shop.git")).toBe("shop");
  expect(age("2026-01-01T00:00:00Z", Date.parse("2026-01-04T01:00:00Z"), "en")).toBe("3 days ago");
  expect(age("", 0, "en")).toBe("");
});

test("a text in lines is cut between words, and never inside one", () => {
  expect(linesOf("one two three", 7)).toEqual(["one two", "three"]);
  expect(linesOf("a longword b", 3)).toEqual(["a", "longword", "b"]);
});
