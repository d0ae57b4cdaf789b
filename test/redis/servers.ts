import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "../support/free-port.js";
import { eventually } from "../support/waiting.js";
import { type Answer, encodeCommand, RespReader } from "./resp.js";

/** Lines of a redis.conf; a list is a line each. */
export type Config = Readonly<Record<string, string | number | readonly string[]>>;

const running = new Set<RedisServer>();
const directories: string[] = [];

afterAll(async () => {
  await Promise.all([...running].map((server) => server.stop()));
  removeDirectories();
});
process.once("exit", () => {
  for (const server of running) server.signal("SIGKILL");
  removeDirectories();
});

/** A redis-server of the tests' own, ended with them. */
export class RedisServer {
  readonly port: number;
  readonly #file: string;
  readonly #arguments: readonly string[];
  readonly #log: string;
  #process: ChildProcess | undefined;
  /** What {@link command} logs in with. */
  password: string | undefined;

  private constructor(port: number, config: Config, extra: readonly string[]) {
    this.port = port;
    const directory = mkdtempSync(join(tmpdir(), "namestore-redis-"));
    directories.push(directory);
    this.#file = join(directory, "redis.conf");
    this.#log = join(directory, "log");
    this.#arguments = [this.#file, ...extra];
    const lines = { bind: "127.0.0.1", port, dir: directory, logfile: this.#log, save: '""', ...config };
    writeFileSync(
      this.#file,
      Object.entries(lines)
        .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name} ${one}\n`))
        .join(""),
    );
    const { requirepass } = config;
    this.password = requirepass as string | undefined;
  }

  /** Starts one on a free port, and waits until it answers. */
  static async start(config: Config = {}, extra: readonly string[] = []): Promise<RedisServer> {
    for (let attempts = 1; ; attempts++) {
      const server = new RedisServer(await freePort(), config, extra);
      try {
        await server.up();
        return server;
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (attempts === 3 || !server.log().includes("Address already in use")) throw error;
      }
    }
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  /**
   * Starts it again, on the same port with the same files, and the same configuration and more.
   *
   * @param loaded - whether to wait until it has loaded its data.
   */
  async up(more: Config = {}, loaded = true): Promise<void> {
    const added = Object.entries(more).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn("redis-server", [...this.#arguments, ...added], { stdio: "ignore" });
    this.#process = child;
    running.add(this);
    await eventually(`redis-server on port ${this.port}`, async () => {
      if (child.exitCode !== null) return true;
      try {
        await this.command("PING");
      } catch (error) {
        const { message } = error as Error;
        return /^[A-Z]+ /.test(message) && !(loaded && message.startsWith("LOADING"));
      }
      return true;
    });
    if (child.exitCode !== null) throw new Error(`redis-server ended: ${this.log()}`);
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    this.signal("SIGCONT");
    await Promise.race([this.#end("SIGTERM"), sleep(2_000, undefined, { ref: false })]);
    await this.#end("SIGKILL");
  }

  /** It goes on listening, and answers nothing. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  log(): string {
    return readFileSync(this.#log, { encoding: "utf8", flag: "a+" });
  }

  /** Sends a command over a connection of its own. */
  async command(...command: string[]): Promise<Answer> {
    const [answer] = (await this.commands([command])) as [Answer];
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** Sends commands together over a connection of its own; errors are among the answers. */
  async commands(commands: readonly (readonly string[])[]): Promise<Answer[]> {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    const login = this.password === undefined ? [] : [["AUTH", this.password]];
    const answers: Answer[] = [];
    const reader = new RespReader();
    try {
      await once(socket, "connect");
      socket.write([...login, ...commands].map(encodeCommand).join(""));
      for await (const chunk of socket) {
        answers.push(...reader.read(chunk as Buffer));
        if (answers.length === login.length + commands.length) return answers.slice(login.length);
      }
      throw new Error("the server hung up");
    } finally {
      socket.destroy();
    }
  }

  /** A line of INFO. */
  async info(name: string): Promise<string | undefined> {
    const text = String(await this.command("INFO", "everything"));
    return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  }

  /** Ends the connections of all clients, as an operator would. */
  async killClients(): Promise<number> {
    return Number(await this.command("CLIENT", "KILL", "TYPE", "normal"));
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

function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
