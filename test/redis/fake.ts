import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll } from "vitest";
import { RespReader } from "./resp.js";

/** What a fake answers to a command, in RESP; `undefined`: nothing, ever. */
export type Answers = (command: readonly string[], socket: Socket) => string | undefined;

const servers = new Set<FakeServer>();
afterAll(() => {
  for (const server of servers) server.close();
});

/** A server that answers what a test says. It greets clients by itself. */
export class FakeServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The commands that came, greetings left out. */
  readonly commands: string[][] = [];

  private constructor(answers: Answers) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      const reader = new RespReader();
      socket.on("data", (chunk) => {
        for (const command of reader.read(chunk) as Generator<string[]>) {
          const greeting = /^(HELLO|CLIENT|READONLY|INFO|AUTH|SELECT)$/i.test(command[0] as string);
          if (!greeting) this.commands.push(command);
          const answer = answers(command, socket) ?? (greeting ? "+OK\r\n" : undefined);
          if (answer !== undefined) socket.write(answer);
        }
      });
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    servers.add(this);
  }

  static async start(answers: Answers = () => undefined): Promise<FakeServer> {
    const fake = new FakeServer(answers);
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  /** How many connections there are now. */
  get connections(): number {
    return this.#sockets.size;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    servers.delete(this);
  }
}
