import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll } from "vitest";
import { RespReader } from "./resp.js";

/** A server that replies as a test says. It answers handshakes by itself. */
export class FakeServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The commands that arrived, without those of handshakes. */
  readonly commands: string[][] = [];

  private constructor(answers: Answers) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      const reader = new RespReader();
      socket.on("data", (chunk) => {
        for (const command of reader.read(chunk) as Generator<string[]>) {
          const handshake = /^(HELLO|CLIENT|READONLY|INFO|AUTH|SELECT)$/i.test(command[0] as string);
          if (!handshake) this.commands.push(command);
          const answer = answers(command, socket) ?? (handshake ? "+OK\r\n" : undefined);
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

/** The reply to a command, in RESP. `undefined`: none, except to a handshake. */
export type Answers = (command: readonly string[], socket: Socket) => string | undefined;

const servers = new Set<FakeServer>();
afterAll(() => {
  for (const server of servers) server.close();
});
