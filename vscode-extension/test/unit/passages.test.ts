import { expect, test } from "vitest";
import { findPassage } from "../../src/passages";

const TEXT = "First.\n\nWe pinned `redis`\nbelow 5 (see RESP3).\nIt held.\n\nLast.";

test("a snippet is found where its words stand, however they are broken into lines", () => {
  const found = findPassage(TEXT, "…pinned `redis` below 5 (see RESP3).…")!;
  expect(TEXT.slice(found.start, found.end)).toBe("pinned `redis`\nbelow 5 (see RESP3).");
});

test.each(["", "…", "no such words"])("“%s” stands nowhere", (snippet) => {
  expect(findPassage(TEXT, snippet)).toBeUndefined();
});
