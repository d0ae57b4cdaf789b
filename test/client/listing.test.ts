import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import type { CallOptions, Driver } from "../../src/driver/driver.js";
import { DriverError, InvalidPatternError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere, recording } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { deferred, rejection, settle } from "../support/promises.js";

const clock = stoppedClock();

const open = () => new Client("app", "users", { codec: text });

async function listed<T>(keys: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const key of keys) list.push(key);
  return list;
}

/** A driver whose `scan` yields these batches, a promise in their place held until it settles. */
function scanning(batches: readonly (readonly string[] | Promise<readonly string[]>)[], onReturn?: () => void): Driver {
  return driverWhere((call) => {
    if (call.method !== "scan") return call.pass();
    return (async function* () {
      try {
        for (const batch of batches) yield await batch;
      } finally {
        onReturn?.();
      }
    })();
  });
}

describe("keys and scan", () => {
  it("list the live keys of this namespace, each once", async () => {
    const client = open();
    await client.mSet({ a: "1", b: "2" });
    await client.set("gone", "3", { ttl: 100 });
    await client.domain("other").set("c", "4");
    clock.pass(100);
    expect((await client.keys()).sort()).toEqual(["a", "b"]);
    expect((await listed(client.scan())).sort()).toEqual(["a", "b"]);
  });

  it("list nothing in an empty namespace", async () => {
    expect(await open().keys()).toEqual([]);
    expect(await listed(open().scan())).toEqual([]);
  });

  it.each([
    [undefined, ["a", "ab", "b/c", "[x]"]],
    ["", ["a", "ab", "b/c", "[x]"]],
    ["*", ["a", "ab", "b/c", "[x]"]],
    ["a*", ["a", "ab"]],
    ["a?", ["ab"]],
    ["b*c", ["b/c"]],
    ["[ab]*", ["a", "ab", "b/c"]],
    ["\\[x]", ["[x]"]],
    ["nothing", []],
  ])("list the keys that match the pattern %j entirely", async (pattern, expected) => {
    const client = open();
    await client.mSet({ a: "", ab: "", "b/c": "", "[x]": "" });
    expect((await client.keys(pattern)).sort()).toEqual([...expected].sort());
    expect((await listed(client.scan(pattern))).sort()).toEqual([...expected].sort());
  });

  it("match the pattern themselves, since a driver may list more keys", async () => {
    const client = new Client("app", "users", { driver: scanning([["b", "ab"], [], ["c", "ac"]]) });
    expect(await client.keys("a?")).toEqual(["ab", "ac"]);
    expect(await listed(client.scan("a?"))).toEqual(["ab", "ac"]);
  });

  it("pass the pattern, its literal prefix and the signal to the driver", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver });
    const { signal } = new AbortController();
    await client.keys("ab\\*c*", { signal });
    expect(calls[0]?.args).toMatchObject(["app:users:", { source: "ab\\*c*", prefix: "ab*c" }, { signal }]);
  });

  it("reject a malformed pattern before they call the driver", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver });
    await expect(client.keys("[")).rejects.toBeInstanceOf(InvalidPatternError);
    const scan = client.scan("[");
    await expect(scan.next()).rejects.toMatchObject({ code: "ERR_INVALID_PATTERN", operation: "scan" });
    expect(calls).toEqual([]);
  });

  it("complete errors of the driver, whether it throws or rejects", async () => {
    const failure = new Error("odd");
    const atOnce = driverWhere(() => {
      throw failure;
    });
    const rejected = Promise.reject(failure);
    rejected.catch(() => {});
    for (const driver of [atOnce, scanning([rejected])]) {
      const { logger, lines } = recordingLogger();
      const client = new Client("app", "users", { driver, logger });
      const error = await rejection<DriverError>(client.keys());
      expect(error).toBeInstanceOf(DriverError);
      expect(error).toMatchObject({ operation: "keys", cause: failure });
      expect(await rejection(listed(client.scan()))).toMatchObject({ operation: "scan", cause: failure });
      expect(lines).toHaveLength(2);
    }
  });

  it("yield the keys before a failure, and then reject", async () => {
    const failed = Promise.reject(new TimeoutError("slow"));
    failed.catch(() => {});
    const client = new Client("app", "users", { driver: scanning([["a"], failed]) });
    const scan = client.scan();
    expect(await scan.next()).toEqual({ done: false, value: "a" });
    expect(await rejection(scan.next())).toMatchObject({ code: "ERR_TIMEOUT", operation: "scan" });
    expect(await scan.next()).toEqual({ done: true, value: undefined });
  });
});

describe("scan", () => {
  it("does not call the driver before the first step", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver });
    const scan = client.scan();
    await settle();
    expect(calls).toEqual([]);
    await scan.next();
    expect(calls).toHaveLength(1);
  });

  it("calls return of the driver when the loop ends early", async () => {
    let returned = 0;
    const client = new Client("app", "users", {
      driver: scanning([["a", "b"], ["c"]], () => {
        returned++;
      }),
    });
    for await (const _key of client.scan()) break;
    await settle();
    expect(returned).toBe(1);
  });

  it("ignores a driver whose return fails or is absent", async () => {
    const bare = (last: Partial<AsyncIterator<readonly string[]>>): Driver =>
      driverWhere(() => ({
        [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: ["a"] }), ...last }),
      }));
    const failing = bare({ return: () => Promise.reject(new Error("odd")) });
    for (const driver of [bare({}), failing]) {
      const client = new Client("app", "users", { driver });
      for await (const key of client.scan()) {
        expect(key).toBe("a");
        break;
      }
      await settle();
    }
  });

  it("lists a key that is live throughout while others are added and removed", async () => {
    const client = open();
    for (let n = 0; n < 2500; n++) await client.set(`stays:${n}`, "");
    for (let n = 0; n < 2500; n++) await client.set(`goes:${n}`, "");
    const seen: string[] = [];
    let step = 0;
    for await (const key of client.scan()) {
      seen.push(key);
      if (step % 2 === 0) await client.delete(`goes:${step}`);
      await client.set(`comes:${step++}`, "");
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((key) => key.startsWith("stays:"))).toHaveLength(2500);
  });

  it("lists a key once that is deleted and set again meanwhile", async () => {
    const client = open();
    for (let n = 0; n < 2500; n++) await client.set(`k${n}`, "");
    const seen: string[] = [];
    for await (const key of client.scan()) {
      seen.push(key);
      if (seen.length === 1) {
        for (let n = 0; n < 2500; n++) {
          await client.delete(`k${n}`);
          await client.set(`k${n}`, "");
        }
      }
    }
    expect(seen).toHaveLength(2500);
    expect(new Set(seen).size).toBe(2500);
  });

  it("does not list keys that were deleted or expired before their batch", async () => {
    const client = open();
    for (let n = 0; n < 1000; n++) await client.set(`k${n}`, "");
    await client.set("deleted", "");
    await client.set("expired", "", { ttl: 100 });
    const seen: string[] = [];
    for await (const key of client.scan()) {
      if (seen.push(key) > 1) continue;
      await client.delete("deleted");
      clock.pass(100);
    }
    expect(seen).toHaveLength(1000);
  });
});

describe("a listing and an abort", () => {
  it("rejects with the reason if the signal had fired, and does not call the driver", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver });
    const signal = AbortSignal.abort("gone");
    expect(await rejection(client.keys("*", { signal }))).toBe("gone");
    expect(await rejection(client.scan("*", { signal }).next())).toBe("gone");
    expect(calls).toEqual([]);
  });

  it("rejects while the driver is silent", async () => {
    const silent = deferred<string[]>();
    const client = new Client("app", "users", { driver: scanning([["a"], silent.promise]) });
    const controller = new AbortController();
    const keys = client.keys("*", { signal: controller.signal });
    const scan = client.scan("*", { signal: controller.signal });
    expect(await scan.next()).toEqual({ done: false, value: "a" });
    const step = scan.next();
    await settle();
    controller.abort("enough");
    expect(await rejection(keys)).toBe("enough");
    expect(await rejection(step)).toBe("enough");
    silent.resolve([]);
    await settle();
  });

  it("rejects between batches without a match", async () => {
    const controller = new AbortController();
    const client = new Client("app", "users", {
      driver: driverWhere(async function* () {
        yield ["a"];
        controller.abort("enough");
        yield ["b"];
        yield await new Promise<string[]>(() => {});
      }),
    });
    expect(await rejection(client.keys("x*", { signal: controller.signal }))).toBe("enough");
  });

  it("rejects between two batches", async () => {
    const client = new Client("app", "users", { driver: scanning([["a"], ["b"]]) });
    const controller = new AbortController();
    const scan = client.scan("*", { signal: controller.signal });
    await scan.next();
    controller.abort("enough");
    expect(await rejection(scan.next())).toBe("enough");
  });

  it("rejects within a batch", async () => {
    const client = new Client("app", "users", { driver: scanning([["a", "b", "c"]]) });
    const controller = new AbortController();
    const scan = client.scan("*", { signal: controller.signal });
    await scan.next();
    controller.abort("enough");
    expect(await rejection(scan.next())).toBe("enough");
  });
});

describe("a listing and close", () => {
  const closed = { code: "ERR_UNAVAILABLE", outcome: "not-applied" };

  it("rejects on a closed client, and does not call the driver", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver });
    await client.close();
    expect(await rejection(client.keys())).toMatchObject({ ...closed, operation: "keys" });
    expect(await rejection(client.scan().next())).toMatchObject({ ...closed, operation: "scan" });
    expect(calls).toEqual([]);
  });

  it("rejects while the driver is silent, since a partial listing must not look complete", async () => {
    const silent = deferred<string[]>();
    const client = new Client("app", "users", { driver: scanning([silent.promise]) });
    const keys = client.keys();
    const step = client.scan().next();
    await settle();
    await client.close();
    expect(await rejection(keys)).toBeInstanceOf(UnavailableError);
    expect(await rejection(step)).toMatchObject({ ...closed, operation: "scan" });
    silent.reject(new Error("late"));
    await settle();
  });

  it("rejects between two batches", async () => {
    const client = new Client("app", "users", { driver: scanning([["a"], ["b"]]) });
    const scan = client.scan();
    await scan.next();
    await client.close();
    expect(await rejection(scan.next())).toMatchObject(closed);
  });

  it("rejects within a batch", async () => {
    const client = new Client("app", "users", { driver: scanning([["a", "b", "c"]]) });
    const scan = client.scan();
    await scan.next();
    await client.close();
    expect(await rejection(scan.next())).toMatchObject(closed);
  });

  it("of a view rejects when its origin closes", async () => {
    const silent = deferred<string[]>();
    const origin = new Client("app", "users", { driver: scanning([silent.promise]) });
    const keys = origin.withCodec(text).keys();
    const grandchild = origin.domain("users").withCodec(text).keys();
    await settle();
    await origin.close();
    expect(await rejection(keys)).toBeInstanceOf(UnavailableError);
    expect(await rejection(grandchild)).toBeInstanceOf(UnavailableError);
  });
});

describe("clear", () => {
  it.each(ANSWERS)(
    "removes every key of this namespace and none of another, on a driver that answers %s",
    async (_, answer) => {
      const driver = driverWhere(answer);
      const names = ["a", "ab", "a*", "a?", "[a]", "a ", "\\a", "__proto__"];
      const clients = names.map((name) => new Client("app", name, { driver, codec: text }));
      for (const client of clients) await client.mSet({ one: "1", two: "2" });
      for (const [at, client] of clients.entries()) {
        expect(await client.clear()).toBeUndefined();
        const left = await Promise.all(clients.map(async (other) => (await other.keys()).length));
        expect(left).toEqual(clients.map((_client, index) => (index <= at ? 0 : 2)));
        await client.clear();
      }
    },
  );
});

describe("between two batches, keys and scan", () => {
  /** Calls `happen` so many microtasks after the driver yielded its first batch, which the client filters out. */
  const scanningThen = (microtasks: number, happen: () => void): Driver =>
    driverWhere(() =>
      (async function* () {
        let later = Promise.resolve();
        for (let count = 0; count < microtasks; count++) later = later.then(() => {});
        later.then(happen);
        yield ["other"];
        await new Promise(setImmediate);
        yield ["a"];
      })(),
    );
  const moments = Array.from({ length: 20 }, (_, index) => index);

  it.each(moments)("reject on an abort, %i microtasks later", async (microtasks) => {
    for (const list of [
      (client: Client, call: CallOptions) => client.keys("a", call),
      (client: Client, call: CallOptions) => listed(client.scan("a", call)),
    ]) {
      const controller = new AbortController();
      const driver = scanningThen(microtasks, () => controller.abort("enough"));
      const client = new Client("app", "users", { driver });
      expect(await rejection(list(client, { signal: controller.signal }))).toBe("enough");
    }
  });

  it.each(moments)("reject when the client closes, %i microtasks later", async (microtasks) => {
    for (const list of [(client: Client) => client.keys("a"), (client: Client) => listed(client.scan("a"))]) {
      const driver = scanningThen(microtasks, () => void client.close());
      const client: Client = new Client("app", "users", { driver });
      expect(await rejection(list(client))).toBeInstanceOf(UnavailableError);
    }
  });
});
