import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "../support/free-port.js";
import { eventually } from "../support/waiting.js";

/**
 * A listing walks the whole hash table, with pauses: that of an empty table takes 12 ms, and 1 ms with this option. Leave
 * the table at its default size (hashpower): before 1.6.28 a server can lock up for good when its table grows during a
 * listing, and a smaller one would soon grow.
 */
const QUICK = "lru_crawler_sleep=0";

const running = new Set<MemcachedServer>();

afterAll(async () => {
  await Promise.all([...running].map((server) => server.stop()));
});
process.once("exit", () => {
  for (const server of running) server.signal("SIGKILL");
});

/** A memcached process of the tests' own, which ends with them. */
export class MemcachedServer {
  readonly port: number;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;
  #errors = "";

  private constructor(port: number, extra: readonly string[]) {
    this.port = port;
    // As root, memcached requires the user to run as.
    const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
    const fixed = ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "2", ...user];
    this.#arguments = [...fixed, "-o", QUICK, ...extra];
  }

  /** Starts one on a free port, and waits until it listens. */
  static async start(extra: readonly string[] = []): Promise<MemcachedServer> {
    for (let attempts = 1; ; attempts++) {
      const server = new MemcachedServer(await freePort(), extra);
      try {
        await server.up();
        return server;
      } catch (error) {
        // Another process may have taken the port meanwhile.
        if (attempts === 3 || !server.#errors.includes("Address already in use")) throw error;
      }
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port, with more options and without its keys, and waits until it listens. */
  async up(more: readonly string[] = []): Promise<void> {
    this.#errors = "";
    const child = spawn("memcached", [...this.#arguments, ...more], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (chunk) => {
      this.#errors += chunk;
    });
    this.#process = child;
    running.add(this);
    await eventually(`memcached on port ${this.port}`, async () => {
      if (child.exitCode !== null) return true;
      const socket = connect({ port: this.port, host: "127.0.0.1" });
      try {
        await once(socket, "connect");
        return true;
      } finally {
        socket.destroy();
      }
    });
    if (child.exitCode !== null) throw new Error(`memcached ended: ${this.#errors}`);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    this.signal("SIGCONT");
    await this.#end("SIGKILL");
  }

  /** Stops the process: it still listens, and answers nothing. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Sends bytes over a connection of its own. Returns what arrives until it falls silent or hangs up. */
  async raw(bytes: string | Buffer, patience = 50): Promise<string> {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    let answer = "";
    let last = performance.now();
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      last = performance.now();
    });
    try {
      await once(socket, "connect");
      socket.write(bytes);
      last = performance.now();
      while (performance.now() - last < patience && !socket.closed) await sleep(5);
      return answer;
    } finally {
      socket.destroy();
    }
  }

  /** The value of a line of `stats`. */
  async stat(name: string): Promise<string | undefined> {
    return new RegExp(`^STAT ${name} (.*)\\r$`, "m").exec(await this.raw("stats\r\n"))?.[1];
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    running.delete(this);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
