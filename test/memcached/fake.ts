import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll } from "vitest";

/** What a fake answers to a line; `undefined`: the handshake as a real server does, and nothing to other lines. */
export type Answers = (line: string, socket: Socket) => string | undefined;

const servers = new Set<FakeServer>();
afterAll(() => {
  for (const server of servers) server.close();
});

const SETTINGS = "STAT item_size_max 1048576\r\nSTAT cas_enabled yes\r\nEND\r\n";

/** A server that answers as a test wants. It answers handshakes by itself. */
export class FakeServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The lines that arrived, without those of handshakes. */
  readonly lines: string[] = [];
  /** How many connections there were. */
  accepted = 0;
  /** After how many milliseconds it answers a handshake. */
  delay: number;

  private constructor(answers: Answers, delay: number) {
    this.delay = delay;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      this.accepted++;
      let rest = "";
      socket.on("data", (chunk) => {
        const lines = (rest + chunk.toString("latin1")).split("\r\n");
        rest = lines.pop() as string;
        for (const line of lines) {
          const handshake = line === "stats settings" ? SETTINGS : line === "mn" ? "MN\r\n" : undefined;
          if (handshake === undefined) this.lines.push(line);
          const answer = answers(line, socket) ?? handshake;
          if (answer === undefined) continue;
          const write = (): unknown => socket.write(Buffer.from(answer, "latin1"));
          if (answer === handshake && this.delay > 0) setTimeout(write, this.delay);
          else write();
        }
      });
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    servers.add(this);
  }

  static async start(answers: Answers = () => undefined, delay = 0): Promise<FakeServer> {
    const fake = new FakeServer(answers, delay);
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there are now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Closes every connection. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.hangUp();
    servers.delete(this);
  }
}

/** The opaque of a line, as the reply repeats it. */
export function opaqueOf(line: string): string {
  return / (O\d+)$/.exec(line)?.[1] ?? "";
}
