import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { RecordWriter } from "../../src/memcached/record-writer.js";

/** A socket whose writes the test completes. */
class FakeSocket {
  readonly written: Buffer[] = [];
  #written: ((error?: Error) => void) | undefined;

  write(record: Buffer, written: (error?: Error) => void): boolean {
    this.written.push(record);
    this.#written = written;
    return true;
  }

  /** Completes the write in progress. */
  complete(error?: Error): void {
    this.#written?.(error);
  }

  /** As the socket that it stands for: it has all that is used of one. */
  get socket(): Socket {
    return this as unknown as Socket;
  }
}

const commands = (count: number, length: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => Buffer.alloc(length, at));

describe("RecordWriter", () => {
  it("writes as many whole commands at a time as fit into a record, one record after the other", () => {
    const fake = new FakeSocket();
    const writer = new RecordWriter(fake.socket);
    writer.write(commands(20, 2_000));
    expect(fake.written.map(({ length }) => length)).toEqual([16_000]);
    writer.write(commands(1, 10));
    fake.complete();
    fake.complete();
    fake.complete();
    expect(fake.written.map(({ length }) => length)).toEqual([16_000, 16_000, 8_000, 10]);
    fake.complete();
    writer.write(commands(1, 20));
    expect(fake.written.at(-1)).toHaveLength(20);
  });

  it("writes a command that is longer than a record by itself", () => {
    const fake = new FakeSocket();
    const writer = new RecordWriter(fake.socket);
    writer.write([...commands(1, 100), ...commands(1, 50_000), ...commands(1, 100)]);
    for (let each = 0; each < 3; each++) fake.complete();
    expect(fake.written.map(({ length }) => length)).toEqual([100, 50_000, 100]);
    writer.write(commands(2, 50_000));
    fake.complete();
    fake.complete();
    expect(fake.written.slice(3).map(({ length }) => length)).toEqual([50_000, 50_000]);
  });

  it("writes nothing after an error", () => {
    const fake = new FakeSocket();
    const writer = new RecordWriter(fake.socket);
    writer.write(commands(10, 2_000));
    fake.complete(new Error("write EPIPE"));
    expect(fake.written).toHaveLength(1);
  });
});
