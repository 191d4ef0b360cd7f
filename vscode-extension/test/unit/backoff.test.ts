import { expect, test } from "vitest";
import { Backoff } from "../../src/backoff";

test("waits longer after each crash, and gives up at the sixth in three minutes", () => {
  const backoff = new Backoff();
  expect([0, 1, 2, 3, 4, 5].map((second) => backoff.next(second * 1000))).toEqual([
    500,
    1000,
    2000,
    4000,
    8000,
    undefined,
  ]);
});

test("old crashes are forgiven", () => {
  const backoff = new Backoff();
  backoff.next(0);
  expect(backoff.next(200_000)).toBe(500);
});
