/** How long to wait before a crashed server is started again, and when to give up. */

const WINDOW_MS = 180_000;
const MOST = 5;
const FIRST_MS = 500;

export class Backoff {
  private crashes: number[] = [];

  /** Milliseconds to wait after a crash at `now`; undefined for the sixth in three minutes. */
  next(now: number): number | undefined {
    this.crashes = [...this.crashes.filter((time) => now - time < WINDOW_MS), now];
    return this.crashes.length > MOST ? undefined : FIRST_MS * 2 ** (this.crashes.length - 1);
  }

  reset(): void {
    this.crashes = [];
  }
}
