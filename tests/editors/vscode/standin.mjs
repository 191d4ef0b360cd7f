// A program in the place of an assistant's, that writes down how it was called.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./harness.mjs";

export class StandIn {
  constructor(world, name = "claude") {
    this.bin = join(world.folder, "bin");
    this.file = join(this.bin, name);
    this.called = join(world.folder, `called-${name}.json`);
  }

  write() {
    mkdirSync(this.bin, { recursive: true });
    const words = `JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() })`;
    const script = `require("fs").writeFileSync(${JSON.stringify(this.called)}, ${words}); process.stdin.resume();`;
    writeFileSync(this.file, `#!${process.execPath}\n${script}\n`);
    chmodSync(this.file, 0o755);
  }

  remove() {
    rmSync(this.file);
  }

  /** How it was called since it was asked last. */
  async lastCall() {
    const isWritten = () => existsSync(this.called) && readFileSync(this.called, "utf8").endsWith("}");
    await until(isWritten, 60_000, "it is called");
    const call = JSON.parse(readFileSync(this.called, "utf8"));
    rmSync(this.called);
    return call;
  }
}
