import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { Client } from "../../src/client/client.js";
import type { Computation } from "../../src/client/computation.js";
import { bytes } from "../../src/codec/bytes.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import {
  CodecError,
  DriverError,
  InvalidKeyError,
  NotFoundError,
  TimeoutError,
  UnavailableError,
} from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, type Call, driverWhere, failing, later, recording } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { deferred, isSettled, rejection, settle } from "../support/promises.js";

const clock = stoppedClock();
const NEVER = (): never => {
  throw new Error("nothing should be computed");
};

it("getOrSet resolves to a null that another writer stored meanwhile", async () => {
  const { driver } = recording();
  const client = new Client("app", "users", { driver, codec: json<{ name: string } | null>() });
  const other = new Client("app", "users", { driver, codec: json<null>() });
  const computed = client.getOrSet("a", async () => {
    await other.set("a", null);
    return { name: "Alice" };
  });
  expect(await computed).toBeNull();
});

describe.each(ANSWERS)("getOrSet, on a driver that answers %s", (_, answer) => {
  const open = (ttl?: number) => {
    const { driver, calls } = recording(answer);
    const client = new Client("app", "users", { driver, codec: text, ttl });
    const other = new Client("app", "users", { driver, codec: text });
    return { client, other, calls };
  };

  describe("a hit", () => {
    it("resolves to the stored value, computes nothing and writes nothing", async () => {
      const { client, calls } = open();
      await client.set("a", "stored", { ttl: 100 });
      expect(await client.getOrSet("a", NEVER, { ttl: 9000 })).toBe("stored");
      expect(await client.ttl("a")).toBe(100);
      expect(calls.map(({ method }) => method)).toEqual(["set", "get", "ttl"]);
    });

    it("may be an empty string, or null in JSON", async () => {
      const { client } = open();
      await client.set("a", "");
      expect(await client.getOrSet("a", NEVER)).toBe("");
      const any = client.withCodec(json<unknown>());
      await any.set("b", null);
      expect(await any.getOrSet("b", NEVER)).toBeNull();
    });
  });

  describe("a miss", () => {
    it("resolves to the computed value, and stores it", async () => {
      const { client } = open();
      expect(await client.getOrSet("a", () => "computed")).toBe("computed");
      expect(await client.get("a")).toBe("computed");
    });

    it("passes the key to compute, which may return a promise", async () => {
      const { client } = open();
      expect(await client.getOrSet("a", async (key) => `computed for ${key}`)).toBe("computed for a");
      expect(await client.get("a")).toBe("computed for a");
    });

    it("stores with the TTL of the call, else with the client's", async () => {
      const { client } = open(5000);
      await client.getOrSet("default", () => "x");
      await client.getOrSet("named", () => "x", { ttl: "1m" });
      await client.getOrSet("none", () => "x", { ttl: 0 });
      expect(await client.ttl("default")).toBe(5000);
      expect(await client.ttl("named")).toBe(60_000);
      expect(await client.ttl("none")).toBe(NO_EXPIRY);
    });

    it("may be an expired key", async () => {
      const { client } = open();
      await client.set("a", "old", { ttl: 100 });
      clock.pass(100);
      expect(await client.getOrSet("a", () => "new")).toBe("new");
    });

    it("resolves to undefined and stores nothing if compute returns undefined", async () => {
      const { client, calls } = open();
      const compute = vi.fn(async () => undefined);
      expect(await Promise.all([client.getOrSet("a", compute), client.getOrSet("a", compute)])).toEqual([
        undefined,
        undefined,
      ]);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(calls.map(({ method }) => method)).not.toContain("setNX");
      expect(await client.exists("a")).toBe(false);
      expect(await client.getOrSet("a", () => "later")).toBe("later");
    });
  });

  describe("concurrent callers", () => {
    it("share one read, one computation and one store", async () => {
      const { client, calls } = open();
      const computed = deferred<string>();
      const compute = vi.fn(() => computed.promise);
      const callers = Array.from({ length: 50 }, () => client.getOrSet("a", compute));
      await settle();
      callers.push(client.getOrSet("a", NEVER));
      computed.resolve("computed");
      expect(new Set(await Promise.all(callers))).toEqual(new Set(["computed"]));
      expect(compute).toHaveBeenCalledTimes(1);
      expect(calls.map(({ method }) => method)).toEqual(["get", "setNX"]);
    });

    it("of different keys do not share", async () => {
      const { client } = open();
      const compute = vi.fn(async (key: string) => key.toUpperCase());
      expect(await Promise.all([client.getOrSet("a", compute), client.getOrSet("b", compute)])).toEqual(["A", "B"]);
    });

    it("of different namespaces do not share, although the storage keys look alike", async () => {
      const { client } = open();
      const sibling = client.domain("users2");
      expect(await Promise.all([client.getOrSet("a", () => "1"), sibling.getOrSet("a", () => "2")])).toEqual([
        "1",
        "2",
      ]);
    });

    it("store with the TTL of the first caller", async () => {
      const { client } = open();
      await Promise.all([
        client.getOrSet("a", async () => "x", { ttl: 100 }),
        client.getOrSet("a", async () => "x", { ttl: 200 }),
        client.getOrSet("a", async () => "x"),
      ]);
      expect(await client.ttl("a")).toBe(100);
    });

    it("of two views compute separately, and both get the value that was stored first", async () => {
      const { client } = open();
      const view = client.withCodec(json<number>());
      const first = deferred<string>();
      const second = deferred<number>();
      const one = client.getOrSet("a", () => first.promise);
      const two = view.getOrSet("a", () => second.promise);
      await settle();
      second.resolve(42);
      expect(await two).toBe(42);
      first.resolve("43");
      expect(await one).toBe("42");
    });
  });

  describe("a computation that fails", () => {
    it("rejects all callers with its own error, stores nothing, and the next call computes again", async () => {
      const { client, calls } = open();
      const failure = new Error("the database is down");
      const compute = vi.fn(async () => {
        throw failure;
      });
      const callers = [client.getOrSet("a", compute), client.getOrSet("a", compute)];
      expect(await Promise.all(callers.map((caller) => rejection(caller)))).toEqual([failure, failure]);
      expect(await rejection(callers[0] as Promise<unknown>)).toBe(failure);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(failure).not.toHaveProperty("operation");
      expect(calls.map(({ method }) => method)).toEqual(["get"]);
      expect(await client.getOrSet("a", () => "again")).toBe("again");
    });

    it("may throw, and may throw anything", async () => {
      const { client } = open();
      const thrower = (thrown: unknown) => (): string => {
        throw thrown;
      };
      expect(await rejection(client.getOrSet("a", thrower("a string")))).toBe("a string");
      expect(await rejection(client.getOrSet("a", thrower(undefined)))).toBeUndefined();
    });

    it("may fail with an error of this package, which is neither completed nor ignored", async () => {
      const { driver } = recording(answer);
      const { logger, lines } = recordingLogger();
      const client = new Client("app", "users", { driver, codec: text, logger });
      for (const failure of [new TimeoutError("mine"), new UnavailableError("mine"), new NotFoundError("mine")]) {
        const compute = vi.fn(async () => {
          throw failure;
        });
        expect(await rejection(client.getOrSet("a", compute))).toBe(failure);
        expect(compute).toHaveBeenCalledTimes(1);
      }
      expect(lines).toEqual([]);
    });
  });

  describe("a stored value that does not decode", () => {
    const openUnreadable = async () => {
      const { driver, calls } = recording(answer);
      const { logger, lines } = recordingLogger();
      const client = new Client("app", "users", {
        driver,
        codec: json(z.object({ age: z.number() })),
        logger,
        ttl: 500,
      });
      const raw = client.withCodec(text);
      await raw.set("a", '{"name":"Alice"}', { ttl: 100 });
      calls.length = 0;
      return { client, raw, other: new Client("app", "users", { driver, codec: text }), calls, lines };
    };

    it("counts as a miss, with one warning: the computed value replaces it", async () => {
      const { client, calls, lines } = await openUnreadable();
      const compute = vi.fn(async () => ({ age: 5 }));
      const callers = [client.getOrSet("a", compute), client.getOrSet("a", compute)];
      expect(await Promise.all(callers)).toEqual([{ age: 5 }, { age: 5 }]);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(calls.map(({ method }) => method)).toEqual(["get", "compareAndSwap"]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^warn: getOrSet "a": .* age/);
      expect(await client.get("a")).toEqual({ age: 5 });
      expect(await client.ttl("a")).toBe(500);
      expect(await client.getOrSet("a", NEVER, { ttl: "1m" })).toEqual({ age: 5 });
    });

    it("is not replaced if another writer replaced it first", async () => {
      const { client, other } = await openUnreadable();
      const computed = deferred<{ age: number }>();
      const caller = client.getOrSet("a", () => computed.promise);
      await settle();
      await other.set("a", '{"age":7}');
      computed.resolve({ age: 5 });
      expect(await caller).toEqual({ age: 7 });
      expect(await client.get("a")).toEqual({ age: 7 });
    });

    it("stays if nothing is computed, and still rejects get and find", async () => {
      const { client, raw } = await openUnreadable();
      expect(await client.getOrSet("a", () => undefined)).toBeUndefined();
      expect(await raw.get("a")).toBe('{"name":"Alice"}');
      for (const call of [client.get("a"), client.find("a")]) {
        expect(await rejection(call)).toBeInstanceOf(CodecError);
      }
    });
  });

  describe("a computed value", () => {
    it("reaches every caller as the codec returns it", async () => {
      const { driver } = recording(answer);
      const codec = json(z.object({ name: z.string().trim() }));
      const client = new Client("app", "users", { driver, codec });
      const load = () => ({ name: " Alice ", passwordHash: "x" });
      const callers = [client.getOrSet("a", load), client.getOrSet("a", load)];
      expect(await Promise.all(callers)).toEqual([{ name: "Alice" }, { name: "Alice" }]);
      expect(await client.getOrSet("a", NEVER)).toEqual({ name: "Alice" });
    });

    it("reaches callers as the codec returns it also when it is not stored", async () => {
      const codec = json<{ at?: Date | string }>();
      const { client } = open();
      const view = client.withCodec(codec);
      const computed = deferred<{ at?: Date }>();
      const caller = view.getOrSet("a", () => computed.promise);
      await settle();
      await client.delete("a");
      computed.resolve({ at: new Date(0) });
      expect(await caller).toEqual({ at: "1970-01-01T00:00:00.000Z" });
    });

    it("is decoded once for all callers, and never at a hit more than once", async () => {
      const { driver } = recording(answer);
      const decode = vi.fn((stored: string) => stored);
      const client = new Client("app", "users", { driver, codec: { ...text, decode } });
      await Promise.all([client.getOrSet("a", () => "x"), client.getOrSet("a", () => "x")]);
      expect(decode).toHaveBeenCalledTimes(1);
      await client.getOrSet("a", NEVER);
      expect(decode).toHaveBeenCalledTimes(2);
    });
  });

  describe("a computation that never settles", () => {
    it("is given up when all callers have aborted: the next caller starts a new one", async () => {
      const { client } = open();
      const [one, two] = [new AbortController(), new AbortController()];
      const signals: AbortSignal[] = [];
      const compute = vi.fn((_key: string, { signal }: Computation) => {
        signals.push(signal);
        return new Promise<string>(() => {});
      });
      const first = client.getOrSet("a", compute, { signal: one.signal });
      const second = client.getOrSet("a", compute, { signal: two.signal });
      await settle();
      one.abort("one");
      expect(await rejection(first)).toBe("one");
      expect(signals[0]?.aborted).toBe(false);
      const third = client.getOrSet("a", NEVER, { signal: two.signal });
      two.abort("two");
      expect(await rejection(second)).toBe("two");
      expect(await rejection(third)).toBe("two");
      expect(compute).toHaveBeenCalledTimes(1);
      expect(signals[0]?.aborted).toBe(true);
      expect(signals[0]?.reason).toBe("two");
      expect(await client.getOrSet("a", () => "anew")).toBe("anew");
    });

    it("is not given up while a caller without a signal waits", async () => {
      const { client } = open();
      const controller = new AbortController();
      const computed = deferred<string>();
      const patient = client.getOrSet("a", () => computed.promise);
      const impatient = client.getOrSet("a", NEVER, { signal: controller.signal });
      await settle();
      controller.abort("gone");
      expect(await rejection(impatient)).toBe("gone");
      const joined = client.getOrSet("a", NEVER);
      computed.resolve("computed");
      expect(await Promise.all([patient, joined])).toEqual(["computed", "computed"]);
    });

    it("stores its value if it ends after all, unless a new one was started or the key was written", async () => {
      for (const meanwhile of ["nothing", "a new computation", "a delete"]) {
        const { client } = open();
        const controller = new AbortController();
        const late = deferred<string>();
        const caller = client.getOrSet("a", () => late.promise, { signal: controller.signal });
        await settle();
        controller.abort();
        await rejection(caller);
        const anew = deferred<string>();
        const next = meanwhile === "a new computation" ? client.getOrSet("a", () => anew.promise) : undefined;
        if (meanwhile === "a delete") await client.delete("a");
        await settle();
        late.resolve("late");
        await settle();
        expect(await client.exists("a"), meanwhile).toBe(meanwhile === "nothing");
        anew.resolve("anew");
        if (next === undefined) continue;
        expect(await Promise.all([next, client.getOrSet("a", NEVER)])).toEqual(["anew", "anew"]);
        expect(await client.get("a")).toBe("anew");
      }
    });

    it("leaves no listener on the signals of its callers once it has settled", async () => {
      const { client } = open();
      const controller = new AbortController();
      await client.getOrSet("a", async () => "x", { signal: controller.signal });
      await settle();
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    });
  });

  describe("the signal that compute receives", () => {
    it("is aborted already if all callers aborted before it was read", async () => {
      const { client } = open();
      const controller = new AbortController();
      const held = deferred();
      const seen = deferred<AbortSignal>();
      const caller = client.getOrSet(
        "a",
        async (_key, computation) => {
          await held.promise;
          seen.resolve(computation.signal);
          return computation.signal.aborted ? undefined : "x";
        },
        { signal: controller.signal },
      );
      await settle();
      controller.abort("gone");
      await rejection(caller);
      held.resolve();
      const signal = await seen.promise;
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBe("gone");
    });

    it("fires when the client is closed, or the client of a view", async () => {
      const { client } = open();
      for (const asking of [client.withCodec(text), client]) {
        const seen = deferred<AbortSignal>();
        const caller = asking.getOrSet("a", (_key, { signal }) => {
          seen.resolve(signal);
          return new Promise<string>((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          });
        });
        const signal = await seen.promise;
        expect(signal.aborted).toBe(false);
        await asking.close();
        expect(await rejection(caller)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      }
    });

    it("does not fire for a computation that has ended", async () => {
      const { client } = open();
      const controller = new AbortController();
      let signal: AbortSignal | undefined;
      await client.getOrSet(
        "a",
        (_key, computation) => {
          signal = computation.signal;
          return "x";
        },
        { signal: controller.signal },
      );
      controller.abort();
      await client.close();
      expect(signal?.aborted).toBe(false);
    });
  });

  describe("writes during a computation", () => {
    it("by another client are kept, and all callers get the written value", async () => {
      const { client, other } = open();
      const computed = deferred<string>();
      const callers = [client.getOrSet("a", () => computed.promise), client.getOrSet("a", () => computed.promise)];
      await settle();
      await other.set("a", "theirs", { ttl: 100 });
      computed.resolve("ours");
      expect(await Promise.all(callers)).toEqual(["theirs", "theirs"]);
      expect(await client.get("a")).toBe("theirs");
      expect(await client.ttl("a")).toBe(100);
    });

    /** A write of this client; `other` is one that shares the store and nothing else. */
    type Write = (client: Client<string, string>, other: Client<string, string>) => Promise<unknown>;
    const writes: [string, Write][] = [
      ["set", (client) => client.set("a", "written")],
      ["setNX", (client) => client.setNX("a", "written")],
      ["getSet", (client) => client.getSet("a", "written")],
      ["mSet", (client) => client.mSet({ z: "z", a: "written" })],
      [
        "compareAndSwap",
        async (client, other) => {
          await other.set("a", "x");
          return client.compareAndSwap("a", "x", "written");
        },
      ],
      ["incr", (client) => client.incr("a", 7)],
      ["decr", (client) => client.decr("a", -7)],
    ];
    const removals: [string, Write][] = [
      ["delete", (client) => client.delete("a")],
      ["mDel", (client) => client.mDel(["z", "a"])],
      ["clear", (client) => client.clear()],
      [
        "compareAndDelete",
        async (client, other) => {
          await other.set("a", "x");
          return client.compareAndDelete("a", "x");
        },
      ],
    ];

    it.each(writes)("by %s of this client are kept, and callers get the computed value", async (name, write) => {
      const { client, other } = open();
      const computed = deferred<string>();
      const callers = [client.getOrSet("a", () => computed.promise), client.getOrSet("a", () => computed.promise)];
      await settle();
      await write(client, other);
      computed.resolve("computed");
      expect(await Promise.all(callers)).toEqual(["computed", "computed"]);
      expect(await client.get("a")).toBe(name === "incr" || name === "decr" ? "7" : "written");
    });

    it.each(removals)("by %s of this client keep the computed value from being stored", async (_name, remove) => {
      const { client, other } = open();
      const computed = deferred<string>();
      const caller = client.getOrSet("a", () => computed.promise);
      await settle();
      await remove(client, other);
      computed.resolve("computed");
      expect(await caller).toBe("computed");
      expect(await client.exists("a")).toBe(false);
    });

    it("by views and siblings of the same name keep the computed value from being stored, too", async () => {
      const { client } = open();
      const view = client.withCodec(bytes);
      const twin = client.domain("users");
      for (const [flying, writing] of [
        [client, view],
        [client, twin],
        [twin, client],
        [twin, view],
      ] as const) {
        const computed = deferred<string>();
        const caller = flying.getOrSet("a", () => computed.promise);
        await settle();
        await writing.delete("a");
        computed.resolve("computed");
        expect(await caller).toBe("computed");
        expect(await client.exists("a")).toBe(false);
      }
    });

    it("keep the computed value from being stored even before the read has settled", async () => {
      const { client } = open();
      const caller = client.getOrSet("a", () => "computed");
      await client.delete("a");
      expect(await caller).toBe("computed");
      expect(await client.exists("a")).toBe(false);
    });

    it("of other keys, in other namespaces or with bad arguments do not keep it from being stored", async () => {
      const { client } = open();
      const computed = deferred<string>();
      const caller = client.getOrSet("a", () => computed.promise);
      await settle();
      await client.delete("b");
      await client.domain("other").clear();
      await client.set("a", 5 as never).catch(() => {});
      await client.set("a", "x", { ttl: -1 }).catch(() => {});
      computed.resolve("computed");
      await caller;
      expect(await client.get("a")).toBe("computed");
    });

    it("make later callers compute again", async () => {
      const { client } = open();
      const before = deferred<string>();
      const first = client.getOrSet("a", () => before.promise);
      await settle();
      await client.delete("a");
      const after = deferred<string>();
      const compute = vi.fn(() => after.promise);
      const second = client.getOrSet("a", compute);
      const third = client.getOrSet("a", NEVER);
      await settle();
      expect(compute).toHaveBeenCalledTimes(1);
      before.resolve("before the delete");
      expect(await first).toBe("before the delete");
      expect(await client.exists("a")).toBe(false);
      const fourth = client.getOrSet("a", NEVER);
      after.resolve("after the delete");
      expect(await Promise.all([second, third, fourth])).toEqual(Array(3).fill("after the delete"));
      expect(await client.get("a")).toBe("after the delete");
    });
  });

  describe("an abort", () => {
    it("ends the call of its caller only, and the others get the computed value", async () => {
      const { client } = open();
      const controller = new AbortController();
      const computed = deferred<string>();
      const compute = vi.fn(() => computed.promise);
      const impatient = client.getOrSet("a", compute, { signal: controller.signal });
      const patient = client.getOrSet("a", compute);
      await settle();
      controller.abort(new Error("enough"));
      expect(await rejection(impatient)).toBe(controller.signal.reason);
      computed.resolve("computed");
      expect(await patient).toBe("computed");
      expect(compute).toHaveBeenCalledTimes(1);
    });

    it("of every caller does not stop the computation, and its failure is not unhandled", async () => {
      const { client } = open();
      const controller = new AbortController();
      const good = deferred<string>();
      const bad = deferred<string>();
      const callers = [
        client.getOrSet("good", () => good.promise, { signal: controller.signal }),
        client.getOrSet("bad", () => bad.promise, { signal: controller.signal }),
      ];
      await settle();
      controller.abort();
      for (const caller of callers) expect(await rejection(caller)).toBe(controller.signal.reason);
      good.resolve("computed");
      bad.reject(new Error("nobody listens"));
      await settle();
      expect(await client.get("good")).toBe("computed");
    });

    it("before the call computes nothing", async () => {
      const { client, calls } = open();
      const signal = AbortSignal.abort("gone");
      expect(await rejection(client.getOrSet("a", NEVER, { signal }))).toBe("gone");
      expect(calls).toEqual([]);
    });
  });

  describe("a closed client", () => {
    it("rejects", async () => {
      const { client, calls } = open();
      await client.close();
      const error = await rejection<UnavailableError>(client.getOrSet("a", NEVER));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).toMatchObject({ operation: "getOrSet", key: "a", outcome: "not-applied" });
      expect(calls).toEqual([]);
    });

    it("stores nothing if it was closed during the computation, and callers get the computed value", async () => {
      const { client, calls } = open();
      const computed = deferred<string>();
      const callers = [client.getOrSet("a", () => computed.promise), client.getOrSet("a", () => computed.promise)];
      await settle();
      await client.close();
      computed.resolve("computed");
      expect(await Promise.all(callers)).toEqual(["computed", "computed"]);
      expect(calls.map(({ method }) => method)).toEqual(["get"]);
    });
  });
});

describe("getOrSet, when the store is down", () => {
  const down = ["throws", "rejects"] as const;

  it.each(down)("resolves to the computed value without storing it if the driver %s", async (how) => {
    for (const failure of [new TimeoutError("slow"), new UnavailableError("gone", { outcome: "not-applied" })]) {
      const { logger, lines } = recordingLogger();
      const client = new Client("app", "users", { driver: failing(failure, how), codec: text, logger });
      const compute = vi.fn(async () => "computed");
      const callers = [client.getOrSet("a", compute), client.getOrSet("a", compute)];
      expect(await Promise.all(callers)).toEqual(["computed", "computed"]);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^error: getOrSet "a": /);
    }
  });

  it.each(down)(
    "rejects on any other failure of the read, with an error for each caller: the driver %s",
    async (how) => {
      const failure = new Error("odd");
      const client = new Client("app", "users", { driver: failing(failure, how), codec: text });
      const errors = await Promise.all([
        rejection<DriverError>(client.getOrSet("a", NEVER)),
        rejection<DriverError>(client.getOrSet("a", NEVER)),
      ]);
      for (const error of errors) {
        expect(error).toBeInstanceOf(DriverError);
        expect(error).toMatchObject({ operation: "getOrSet", key: "a", cause: failure });
      }
      expect(errors[0]).not.toBe(errors[1]);
    },
  );

  it("still rejects with the error of compute", async () => {
    const client = new Client("app", "users", { driver: failing(new TimeoutError("slow")), codec: text });
    const failure = new Error("the database is down too");
    expect(await rejection(client.getOrSet("a", () => Promise.reject(failure)))).toBe(failure);
  });

  const atStore = (method: string, fail: (call: Call) => unknown) =>
    driverWhere((call) => (call.method === method ? fail(call) : call.pass()));

  it("only logs a warning if storing fails", async () => {
    for (const failure of [new TimeoutError("slow"), new DriverError("full"), new Error("odd"), "a text"]) {
      const { logger, lines } = recordingLogger();
      const driver = atStore("setNX", () => Promise.reject(failure));
      const client = new Client("app", "users", { driver, codec: text, logger, logTag: "[users]" });
      expect(await client.getOrSet("a", async () => "computed")).toBe("computed");
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^warn: \[users\] getOrSet "a": /);
    }
  });

  it("only logs a warning if reading the other writer's value fails", async () => {
    const { logger, lines } = recordingLogger();
    let reads = 0;
    const driver = driverWhere((call) => {
      if (call.method === "setNX") return false;
      if (call.method === "get" && ++reads > 1) throw new TimeoutError("slow");
      return call.pass();
    });
    const client = new Client("app", "users", { driver, codec: text, logger });
    expect(await client.getOrSet("a", () => "computed")).toBe("computed");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: /);
  });

  it("resolves to the computed value if the other writer's value is missing again", async () => {
    const driver = atStore("setNX", () => false);
    const client = new Client("app", "users", { driver, codec: text });
    expect(await client.getOrSet("a", () => "computed")).toBe("computed");
  });

  it("rejects when the computed value does not encode", async () => {
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "users", { codec: text, logger });
    const callers = [client.getOrSet("a", () => 5 as never), client.getOrSet("a", () => 5 as never)];
    for (const caller of callers) {
      const error = await rejection<CodecError>(caller);
      expect(error).toBeInstanceOf(CodecError);
      expect(error).toMatchObject({ operation: "getOrSet", key: "a" });
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^error: /);
    expect(await client.exists("a")).toBe(false);
  });

  it("only logs a warning if the other writer's value does not decode", async () => {
    const { logger, lines } = recordingLogger();
    let reads = 0;
    const driver = driverWhere((call) => {
      if (call.method === "setNX") return false;
      return ++reads > 1 ? Uint8Array.of(0xff) : call.pass();
    });
    const client = new Client("app", "users", { driver, codec: text, logger });
    expect(await client.getOrSet("a", () => "computed")).toBe("computed");
    expect(lines).toEqual(['warn: getOrSet "a": the stored bytes are not UTF-8 text']);
  });

  it("resolves to the computed value, with one warning, if the driver cannot hold the key", async () => {
    for (const how of down) {
      const { logger, lines } = recordingLogger();
      const refusal = new InvalidKeyError("the key is 251 bytes long; allowed are up to 250");
      const client = new Client("app", "users", { driver: failing(refusal, how), codec: text, logger });
      const compute = vi.fn(() => "computed");
      expect(await Promise.all([client.getOrSet("a", compute), client.getOrSet("a", compute)])).toEqual([
        "computed",
        "computed",
      ]);
      expect(compute).toHaveBeenCalledTimes(1);
      expect(lines).toEqual(['warn: getOrSet "a": the key is 251 bytes long; allowed are up to 250']);
    }
  });

  it("still rejects with InvalidKeyError if no driver could hold the key", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "users", { driver, codec: text });
    for (const key of ["", "\ud800"]) {
      expect(await rejection(client.getOrSet(key, NEVER))).toBeInstanceOf(InvalidKeyError);
    }
    expect(calls).toEqual([]);
  });

  it("rejects when the driver returns neither a string nor bytes", async () => {
    const { logger, lines } = recordingLogger();
    for (const answer of [{}, Promise.resolve({})]) {
      const client = new Client("app", "users", { driver: driverWhere(() => answer), codec: text, logger });
      expect(await rejection(client.getOrSet("a", NEVER))).toMatchObject({ code: "ERR_DRIVER" });
    }
    expect(lines).toHaveLength(2);
  });
});

describe("getOrSet and a read that is under way", () => {
  it("computes nothing if all callers have aborted meanwhile", async () => {
    const held = deferred();
    const driver = driverWhere((call) => held.promise.then(() => call.pass()));
    const client = new Client("app", "users", { driver, codec: text });
    const controller = new AbortController();
    const caller = client.getOrSet("a", NEVER, { signal: controller.signal });
    controller.abort("gone");
    expect(await rejection(caller)).toBe("gone");
    held.resolve();
    await settle();
    expect(await client.getOrSet("a", () => "computed")).toBe("computed");
  });

  it("passes compute an aborted signal if the client was closed meanwhile", async () => {
    const held = deferred();
    const driver = driverWhere((call) => held.promise.then(() => call.pass()));
    const client = new Client("app", "users", { driver, codec: text });
    const caller = client.getOrSet("a", (_key, { signal }) => String(signal.aborted));
    const closing = client.close();
    held.resolve();
    expect(await caller).toBe("true");
    await closing;
  });
});

describe("getOrSet and close", () => {
  it("computes nothing if the client is closed and the read then fails", async () => {
    const held = deferred();
    const driver = driverWhere((call) => held.promise.then(() => call.pass()));
    const client = new Client("app", "users", { driver, codec: text });
    const caller = client.getOrSet("a", NEVER);
    const closing = client.close();
    held.reject(new UnavailableError("the connection was closed"));
    expect(await rejection(caller)).toBeInstanceOf(UnavailableError);
    await closing;
  });

  it("delays close while it stores", async () => {
    const held = deferred();
    const driver = driverWhere((call) =>
      call.method === "setNX" ? held.promise.then(() => call.pass()) : later(call),
    );
    const client = new Client("app", "users", { driver, codec: text });
    const caller = client.getOrSet("a", () => "computed");
    await settle();
    const closing = client.close();
    expect(await isSettled(closing)).toBe(false);
    held.resolve();
    expect(await caller).toBe("computed");
    await closing;
  });

  it("does not delay close while it computes", async () => {
    const client = new Client("app", "users", { codec: text });
    const computed = deferred<string>();
    const caller = client.getOrSet("a", () => computed.promise);
    await settle();
    await client.close();
    computed.resolve("computed");
    expect(await caller).toBe("computed");
  });

  it("of a view stores nothing if its origin was closed", async () => {
    const { driver, calls } = recording();
    const origin = new Client("app", "users", { driver });
    const view = origin.withCodec(text);
    const computed = deferred<string>();
    const caller = view.getOrSet("a", () => computed.promise);
    await settle();
    await origin.close();
    computed.resolve("computed");
    expect(await caller).toBe("computed");
    expect(calls.map(({ method }) => method)).toEqual(["get"]);
  });
});
