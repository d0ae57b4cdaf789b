import { describe, expect, it, vi } from "vitest";
import { DriverError, TimeoutError } from "../../src/errors.js";
import { rejection } from "../support/promises.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const server = await MemcachedServer.start();

describe("CasLoop", () => {
  it("loses no increment of a counter that three drivers share", async () => {
    const drivers = await Promise.all([1, 2, 3].map(() => open({ servers: server.address, timeout: 10_000 })));
    const clients = drivers.map(({ client }) => client.domain("shared"));
    const sums = await Promise.all(
      Array.from({ length: 150 }, (_, at) => (clients[at % 3] as (typeof clients)[0]).incr("counter", at % 2 ? 2 : -1)),
    );
    expect(await clients[0]?.get("counter")).toBe("75");
    expect(sums.filter((sum) => sum === 75).length).toBeGreaterThan(0);
  });

  it("rejects with TimeoutError, not applied, when others keep changing the key", async () => {
    // The item changes after every read.
    const fake = await FakeServer.start((line) => {
      if (line.startsWith("mg")) return `VA 1 c1 t-1 ${opaqueOf(line)}\r\n1\r\n`;
      if (line.startsWith("ma")) return `EX ${opaqueOf(line)}\r\n`;
      return undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 1_000 });
    const error = await rejection<TimeoutError>(client.incr("key"));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("others kept changing the key");
    expect(fake.lines.length).toBeGreaterThan(10);
  });

  it("does not blame others when the time ran out without a conflict", async () => {
    // The connection is lost with the late reply, and with it the token.
    const fake = await FakeServer.start((line, socket) => {
      if (!line.startsWith("mg")) return undefined;
      setTimeout(() => socket.write(`VA 1 c1 t-1 ${opaqueOf(line)}\r\n1\r\ngarbage\r\n`), 1_250);
      return "";
    });
    const { client } = await open({ servers: fake.address, timeout: 2_000 });
    const error = await rejection<TimeoutError>(client.incr("key"));
    expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect(error.message).toContain("no time was left for another attempt");
  });

  it("rejects with DriverError, not applied, when the read is refused", async () => {
    const fake = await FakeServer.start((line) =>
      line.startsWith("mg") ? "SERVER_ERROR out of memory\r\n" : undefined,
    );
    const { client } = await open(fake.address);
    const error = await rejection<DriverError>(client.incr("key"));
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
  });

  it("tries again when another driver creates the key first", async () => {
    let adds = 0;
    const fake = await FakeServer.start((line) => {
      if (line.startsWith("mg"))
        return adds === 0 ? `EN ${opaqueOf(line)}\r\n` : `VA 1 c1 t-1 ${opaqueOf(line)}\r\n4\r\n`;
      if (line.startsWith("ms") && line.includes(" ME")) return ++adds === 1 ? `NS ${opaqueOf(line)}\r\n` : undefined;
      return line.startsWith("ma") || line.startsWith("ms") ? `HD ${opaqueOf(line)}\r\n` : undefined;
    });
    const { client } = await open(fake.address);
    expect(await client.incr("key", 3)).toBe(7);
    adds = 0;
    expect(await client.getSet("key", "5")).toBe("4");
  });

  it("tries again when another driver writes before the swap or the delete", async () => {
    let writes = 0;
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line.startsWith("mg")) return `VA 1 c1 t-1 ${opaque}\r\n1\r\n`;
      if (line.startsWith("ms") || line.startsWith("md")) return `${++writes % 2 ? "EX" : "HD"} ${opaque}\r\n`;
      return undefined;
    });
    const { client } = await open(fake.address);
    expect(await client.compareAndSwap("key", "1", "2")).toBe(true);
    expect(writes).toBe(2);
    expect(await client.compareAndDelete("key", "1")).toBe(true);
    expect(writes).toBe(4);
    expect(await client.compareAndSwap("key", "2", "3")).toBe(false);
    expect(await client.compareAndDelete("key", "2")).toBe(false);
    expect(writes).toBe(4);
  });

  it("tries again when the item or its TTL changes while the TTL is read", async () => {
    let reads = 0;
    // The CAS token changes behind the first read; then the clock ticks between two looks; then the item is gone.
    const answers = [
      "c1 t50",
      "c2 t50",
      "c2 t50",
      "c2 t50",
      "c2 t50",
      "c2 t49",
      "c2 t49",
      "",
      "",
      "c2 t49",
      "c2 t49",
      "c2 t49",
    ];
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line === "stats") return "STAT time 1000\r\nEND\r\n";
      if (line.startsWith("ms")) return `HD ${opaque}\r\n`;
      if (!line.startsWith("mg")) return undefined;
      const answer = answers[reads++];
      if (answer === "") return `EN ${opaque}\r\n`;
      return line.includes(" v ") ? `VA 1 ${answer} ${opaque}\r\n4\r\n` : `HD ${answer} ${opaque}\r\n`;
    });
    const { client } = await open(fake.address);
    expect(await client.getSet("key", "5")).toBe("4");
    expect(fake.lines.filter((line) => line.startsWith("ms"))).toEqual([expect.stringContaining(" T1049 C2")]);
    expect(reads).toBe(12);
  });
});
