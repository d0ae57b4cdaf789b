import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

const PRELUDE = `
import { Client, text } from "./dist/index.js";
import { MemcachedDriver } from "./dist/memcached.js";
import { RedisDriver } from "./dist/redis.js";
const given = JSON.parse(process.argv.at(-1));
const told = new Promise((resolve) => process.once("SIGUSR2", resolve));
`;

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Runs a Node program on the built package, in a process of its own. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  output = "";
  errors = "";

  /**
   * @param source - has `given`, `told` and what the package exports in its scope.
   * @param given - the value of `given`, as JSON.
   */
  constructor(source: string, given: unknown) {
    const flags = ["--input-type=module", "--eval", PRELUDE + source, JSON.stringify(given)];
    this.#child = spawn(process.execPath, flags, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.#child);
    this.#child.stdout?.on("data", (chunk) => {
      this.output += chunk;
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.errors += chunk;
    });
    this.#exit = once(this.#child, "close").finally(() => running.delete(this.#child));
  }

  /** Waits until the program has printed this text. */
  async printed(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the program ended before it printed "${text}": ${this.output}${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resolves `told`, for which the program waits. */
  tell(): void {
    this.#child.kill("SIGUSR2");
  }

  /** Waits until the program ends by itself, and returns its exit code and what it printed. */
  async ended(): Promise<{ code: unknown; output: string; errors: string }> {
    const [code] = await this.#exit;
    return { code, output: this.output, errors: this.errors };
  }
}
