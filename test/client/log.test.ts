import { describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { text } from "../../src/codec/text.js";
import {
  CodecError,
  ConflictError,
  DriverError,
  InvalidKeyError,
  NotFoundError,
  NotSupportedError,
  OverflowError,
  TimeoutError,
  TypeMismatchError,
  UnavailableError,
} from "../../src/errors.js";
import { driverWhere, failing, later } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { rejection, settle } from "../support/promises.js";

const notes = (options: object) => new Client<string, string>("app", "notes", { codec: text, ...options });

describe("what is logged", () => {
  it.each([
    ["DriverError", new DriverError("odd")],
    ["TimeoutError", new TimeoutError("slow")],
    ["UnavailableError", new UnavailableError("gone")],
    ["CodecError", new CodecError("unreadable")],
    ["an error that is not ours", new TypeError("odd")],
    ["a thrown string", "odd"],
  ])("is %s: once, at error, as one string with the error's message", async (_name, thrown) => {
    for (const how of ["throws", "rejects"] as const) {
      const { logger, lines } = recordingLogger();
      const client = notes({ driver: failing(thrown, how), logger });
      for (const call of [
        () => client.find("a"),
        () => client.mDel(["a"]),
        () => client.clear(),
        () => client.keys(),
      ]) {
        lines.length = 0;
        const error = await rejection(call());
        expect(lines).toEqual([`error: ${error.message}`]);
      }
    }
  });

  it("is a value that does not encode and one that does not decode", async () => {
    const { logger, lines } = recordingLogger();
    const client = notes({ logger });
    await rejection(client.set("a", 5 as never));
    await client.withCodec(bytes).set("a", Uint8Array.of(0xff));
    await rejection(client.get("a"));
    await rejection(client.mGet(["a"]));
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.startsWith("error: "))).toBe(true);
  });

  it("has the tag before the message", async () => {
    const { logger, lines } = recordingLogger();
    const driver = failing(new DriverError("odd"));
    await rejection(notes({ driver, logger, logTag: "[notes]" }).find("a"));
    await rejection(notes({ driver, logger, logTag: "" }).find("a"));
    await rejection(notes({ driver, logger }).find("a"));
    expect(lines).toEqual(['error: [notes] find "a": odd', 'error: find "a": odd', 'error: find "a": odd']);
  });

  it("is each of several failures, once", async () => {
    const { logger, lines } = recordingLogger();
    const client = notes({ driver: failing(new DriverError("odd"), "rejects"), logger });
    await Promise.allSettled([client.find("a"), client.find("b"), client.find("a")]);
    expect(lines).toHaveLength(3);
  });
});

describe("what is not logged", () => {
  it.each([
    ["NotFoundError", new NotFoundError("no")],
    ["TypeMismatchError", new TypeMismatchError("no")],
    ["OverflowError", new OverflowError("no")],
    ["InvalidKeyError", new InvalidKeyError("no")],
    ["ConflictError", new ConflictError("no")],
    ["NotSupportedError", new NotSupportedError("no")],
  ])("is %s", async (_name, thrown) => {
    const { logger, lines } = recordingLogger();
    await rejection(notes({ driver: failing(thrown), logger }).find("a"));
    expect(lines).toEqual([]);
  });

  it("is an error of the caller", async () => {
    const { logger, lines } = recordingLogger();
    const client = notes({ logger });
    await rejection(client.find(""));
    await rejection(client.set("a", "x", { ttl: -1 }));
    await rejection(client.incr("a", 0.5));
    await rejection(client.keys("["));
    await rejection(client.mGet("abc" as never));
    await rejection(client.find("a", null as never));
    expect(lines).toEqual([]);
  });

  it("is a miss, an abort, or a call that succeeds", async () => {
    const { logger, lines } = recordingLogger();
    const client = notes({ logger });
    await rejection(client.get("a"));
    await client.find("a");
    await rejection(client.find("a", { signal: AbortSignal.abort() }));
    await client.set("a", "x");
    await client.get("a");
    expect(lines).toEqual([]);
  });
});

describe("a logger", () => {
  it("that throws affects no call", async () => {
    const bad = (): never => {
      throw new Error("the disk is full");
    };
    const client = notes({
      driver: failing(new DriverError("odd")),
      logger: { debug: bad, info: bad, warn: bad, error: bad },
    });
    expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_DRIVER" });
    const driver = driverWhere((call) => (call.method === "setNX" ? Promise.reject(new Error("odd")) : later(call)));
    const cached = notes({ driver, logger: { debug: bad, info: bad, warn: bad, error: bad } });
    expect(await cached.getOrSet("a", () => "computed")).toBe("computed");
  });

  it("that rejects affects no call", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const bad = () => Promise.reject(new Error("the disk is full"));
    const client = notes({
      driver: failing(new DriverError("odd")),
      logger: { debug: bad, info: bad, warn: bad, error: bad },
    });
    expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_DRIVER" });
    await settle();
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("is called as a method: pino and winston need their this", async () => {
    class Winston {
      readonly lines: string[] = [];
      debug(message: string): this {
        return this.#write(message);
      }
      info(message: string): this {
        return this.#write(message);
      }
      warn(message: string): this {
        return this.#write(message);
      }
      error(message: string): this {
        return this.#write(message);
      }
      #write(message: string): this {
        this.lines.push(message);
        return this;
      }
    }
    const logger = new Winston();
    await rejection(notes({ driver: failing(new DriverError("odd")), logger }).find("a"));
    expect(logger.lines).toEqual(['find "a": odd']);
  });

  it("may be the console", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    await rejection(notes({ driver: failing(new DriverError("odd")), logger: console }).find("a"));
    expect(error.mock.calls).toEqual([['find "a": odd']]);
    error.mockRestore();
  });
});
