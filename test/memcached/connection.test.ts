import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { dataBlock, type MetaCommand, noop, set } from "../../src/memcached/commands.js";
import { MetaConnection } from "../../src/memcached/connection.js";
import { itemKey } from "../../src/memcached/key.js";
import { Request } from "../../src/memcached/request.js";

function requestFor<R>(command: MetaCommand<R>): Request<R> {
  const deadline = Number.POSITIVE_INFINITY;
  return new Request({ command, deadline, signal: undefined, resolve: () => {}, reject: () => {} });
}

describe("MetaConnection", () => {
  it("writes the requests of a tick whole, in order, and in pieces of bounded length", async () => {
    const pieces: { length: number; bytes: Buffer }[] = [];
    let writes = 0;
    const take = (chunk: string | Buffer, encoding: BufferEncoding): void => {
      pieces.push({ length: chunk.length, bytes: Buffer.from(chunk as string, encoding) });
    };
    const socket = new Writable({
      decodeStrings: false,
      write(chunk, encoding, done) {
        writes++;
        take(chunk, encoding);
        done();
      },
      writev(chunks, done) {
        writes++;
        for (const { chunk, encoding } of chunks) take(chunk, encoding);
        done();
      },
    });
    const connection = new MetaConnection({
      // A connection uses nothing of a socket that other streams lack.
      openSocket: () => socket as Socket,
      secure: false,
      whyNotSend: () => undefined,
      onLost: () => {},
    });
    const key = itemKey("k", "");
    const values = [
      ...Array.from({ length: 3_000 }, (_, at) => `${at % 7 === 0 ? "é" : "e"}${String(at).repeat(20)}`),
      "x".repeat(300_000),
      "é".repeat(300_000),
      Buffer.from("bytes"),
      "last",
    ];
    let expected = "";
    for (const [at, value] of values.entries()) {
      const text = value.toString();
      connection.send(requestFor(set(key, dataBlock(key, value), "")));
      expected += `ms k ${Buffer.byteLength(value)} O${at % 1_000}\r\n${text}\r\n`;
    }
    for (let at = 0; at < 50_000; at++) {
      connection.send(requestFor(noop()));
      expected += "mn\r\n";
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString() === expected).toBe(true);
    expect(pieces.map(({ length }) => length).filter((length) => length > 2 * 65_536 + 100)).toEqual([
      300_000, 300_000,
    ]);
    expect(writes).toBe(1);
  });
});
