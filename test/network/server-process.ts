import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll } from "vitest";
import { freePort } from "../support/free-port.js";
import { eventually } from "../support/waiting.js";

const running = new Set<ServerProcess>();

/** A real server on a port of this machine. Its process ends with the tests. */
export abstract class ServerProcess {
  readonly port: number;
  #process: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts the process, and waits until it is ready. */
  abstract launch(): Promise<void>;

  /** What the process has logged. */
  abstract log(): string;

  /** Starts the server again after it was killed, on the same port. */
  restart(): Promise<void> {
    return this.launch();
  }

  /** Kills the process, without a chance to tidy up. */
  async kill(): Promise<void> {
    const child = this.#process;
    running.delete(this);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Stops the process: its port stays open, and nothing is answered. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets a frozen process continue. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Kills the process without waiting for its end. */
  killNow(): void {
    this.#process?.kill("SIGKILL");
  }

  /** Spawns the program, and waits until it is ready. */
  protected async spawn(
    program: string,
    parameters: readonly string[],
    isReady: () => Promise<boolean>,
  ): Promise<void> {
    const child = spawn(program, parameters, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (chunk) => this.onError(String(chunk)));
    this.#process = child;
    running.add(this);
    const ready = async (): Promise<boolean> => child.exitCode !== null || (await isReady());
    await eventually(`${program} on port ${this.port}`, ready, READY_WITHIN);
    if (child.exitCode !== null) throw new Error(`${program} ended: ${this.log()}`);
  }

  /** Called with what the process writes to its standard error. */
  protected onError(_text: string): void {}
}

/** Launches a server on a free port, or on another one if somebody else takes that port meanwhile. */
export async function launchOnFreePort<S extends ServerProcess>(create: (port: number) => S): Promise<S> {
  for (let attempts = 1; ; attempts++) {
    const server = create(await freePort());
    try {
      await server.launch();
      return server;
    } catch (error) {
      if (attempts === 3 || !server.log().includes("Address already in use")) throw error;
    }
  }
}

/** How long a server may take to start, in milliseconds. */
const READY_WITHIN = 60_000;

/** Kills every server that is running. */
export async function killServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.kill()));
}

afterAll(killServers);
process.once("exit", () => {
  for (const server of running) server.killNow();
});
