import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { killServers, launchOnFreePort, ServerProcess } from "../network/server-process.js";
import { type Answer, encodeCommand, RespReader } from "./resp.js";

/** A redis-server of the tests' own. */
export class RedisServer extends ServerProcess {
  readonly #arguments: readonly string[];
  readonly #log: string;
  /** What a bad configuration makes the server write. */
  #errors = "";
  /** The password that {@link command} logs in with. */
  password: string | undefined;

  private constructor(port: number, config: Config, extra: readonly string[]) {
    super(port);
    const directory = mkdtempSync(join(tmpdir(), "namestore-redis-"));
    directories.push(directory);
    const file = join(directory, "redis.conf");
    this.#log = join(directory, "log");
    this.#arguments = [file, ...extra];
    const lines = { bind: "127.0.0.1", port, dir: directory, logfile: this.#log, save: '""', ...config };
    writeFileSync(
      file,
      Object.entries(lines)
        .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name} ${one}\n`))
        .join(""),
    );
    const { requirepass } = config;
    this.password = requirepass as string | undefined;
  }

  /** Starts a server on a free port, and waits until it replies. */
  static start(config: Config = {}, extra: readonly string[] = []): Promise<RedisServer> {
    return launchOnFreePort((port) => new RedisServer(port, config, extra));
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  override launch(): Promise<void> {
    return this.restart();
  }

  /**
   * Starts the server again, on the same port, with the same files and configuration.
   *
   * @param more - added to the configuration.
   * @param loaded - whether to wait until the server has loaded its data.
   */
  override async restart(more: Config = {}, loaded = true): Promise<void> {
    const added = Object.entries(more).flatMap(([name, value]) => [`--${name}`, String(value)]);
    await this.spawn("redis-server", [...this.#arguments, ...added], async () => {
      try {
        await this.command("PING");
      } catch (error) {
        const { message } = error as Error;
        return /^[A-Z]+ /.test(message) && !(loaded && message.startsWith("LOADING"));
      }
      return true;
    });
  }

  override log(): string {
    return this.#errors + readFileSync(this.#log, { encoding: "utf8", flag: "a+" });
  }

  /** Sends a command over a connection of its own. */
  async command(...command: string[]): Promise<Answer> {
    const [answer] = (await this.commands([command])) as [Answer];
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** Sends commands together over a connection of its own. Errors are among the answers. */
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
      throw new Error("the server closed the connection");
    } finally {
      socket.destroy();
    }
  }

  /** A line of INFO. */
  async info(name: string): Promise<string | undefined> {
    const text = String(await this.command("INFO", "everything"));
    return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  }

  /** Closes the connections of all clients, as an operator would. */
  async killClients(): Promise<number> {
    return Number(await this.command("CLIENT", "KILL", "TYPE", "normal"));
  }

  protected override onError(text: string): void {
    this.#errors += text;
  }
}

/** Lines of a redis.conf. A list is written as one line for each element. */
export type Config = Readonly<Record<string, string | number | readonly string[]>>;

const directories: string[] = [];

function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

afterAll(async () => {
  await killServers();
  removeDirectories();
});
process.once("exit", removeDirectories);
