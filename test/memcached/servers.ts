import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { launchOnFreePort, ServerProcess } from "../network/server-process.js";

/** A memcached of the tests' own. */
export class MemcachedServer extends ServerProcess {
  readonly #arguments: readonly string[];
  #errors = "";

  private constructor(port: number, extra: readonly string[]) {
    super(port);
    // As root, memcached requires the user to run as.
    const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
    const fixed = ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "2", ...user];
    this.#arguments = [...fixed, "-o", QUICK, ...extra];
  }

  /** Starts a server on a free port, and waits until it listens. */
  static start(extra: readonly string[] = []): Promise<MemcachedServer> {
    return launchOnFreePort((port) => new MemcachedServer(port, extra));
  }

  override launch(): Promise<void> {
    return this.restart();
  }

  /**
   * Starts the server again on the same port, without its keys.
   *
   * @param more - added to the options.
   */
  override async restart(more: readonly string[] = []): Promise<void> {
    this.#errors = "";
    await this.spawn("memcached", [...this.#arguments, ...more], async () => {
      const socket = connect({ port: this.port, host: "127.0.0.1" });
      try {
        await once(socket, "connect");
        return true;
      } finally {
        socket.destroy();
      }
    });
  }

  override log(): string {
    return this.#errors;
  }

  /** Sends bytes over a connection of its own. Returns what arrives until the server falls silent or hangs up. */
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
      const silent = (): boolean => performance.now() - last > (answer === "" ? FIRST_BYTE : patience);
      while (!silent() && !socket.closed) await sleep(5);
      return answer;
    } finally {
      socket.destroy();
    }
  }

  /** The value of a line of `stats`. */
  async stat(name: string): Promise<string | undefined> {
    return new RegExp(`^STAT ${name} (.*)\\r$`, "m").exec(await this.raw("stats\r\n"))?.[1];
  }

  protected override onError(text: string): void {
    this.#errors += text;
  }
}

/**
 * A listing walks the whole hash table, with pauses: that of an empty table takes 12 ms, and 1 ms with this option. Leave
 * the table at its default size (hashpower): before 1.6.28 a server can lock up for good when its table grows during a
 * listing, and a smaller one would soon grow.
 */
const QUICK = "lru_crawler_sleep=0";

/** How long the first byte of an answer may take on a busy machine, in milliseconds. */
const FIRST_BYTE = 5_000;
