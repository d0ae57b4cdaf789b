import { describe, expect, it, vi } from "vitest";
import { DriverError, InvalidArgumentError, type NamestoreError, NotSupportedError } from "../../src/errors.js";
import { rejection } from "../support/promises.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

describe("The size limit of items", () => {
  it.each([
    ["a plain key", "k", ["-I", "1m"], 1_048_576 - 59],
    ["a long plain key", "k".repeat(240), ["-I", "1m"], 1_048_576 - 59],
    ["an awkward key", "\n", ["-I", "2m", "-m", "256"], 2_097_152 - 59],
    ["without CAS tokens", "k", ["-C"], 1_048_576 - 51],
  ])("stores the largest item, and refuses one more byte without a change (%s)", async (_, key, extra, room) => {
    const small = await MemcachedServer.start(extra);
    const proxy = await FaultProxy.to(small);
    const { client, driver } = await open({ servers: proxy.address, timeout: 5_000 });
    const length = room - "app:users:".length - Buffer.byteLength(key);
    await client.set(key, "a".repeat(length));
    expect((await client.get(key)).length).toBe(length);
    const large = `é${"b".repeat(length - 1)}`;
    const calls = [
      client.set(key, large),
      client.setNX(key, large),
      client.mSet({ other: "1", [key]: large }),
      client.getSet(key, large),
      client.compareAndSwap(key, "a", large),
      (async () => driver.set("app:users:", key, Buffer.from(large), 0))(),
    ];
    for (const call of calls) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error.message).toContain(`${room} bytes together`);
    }
    expect(await client.mGet([key, "other"])).toEqual(new Map([[key, "a".repeat(length)]]));
    expect(proxy.sent("bbbb")).toBe(0);
  });

  it("learns the largest item size at every connect", async () => {
    const target = await MemcachedServer.start(["-I", "2m", "-m", "256"]);
    const { client } = await open({ servers: target.address, timeout: 5_000 });
    const value = "v".repeat(1_500_000);
    await client.set("key", value);
    await target.kill();
    await eventually("the loss", async () => (await settled(client.find("a"), 300).catch(() => false)) === false);
    // It passes the old limit, and waits for a server with another.
    const waiting = rejection(client.set("key", value));
    await target.restart(["-I", "1m"]);
    expect(await waiting).toBeInstanceOf(InvalidArgumentError);
    await client.set("key", "v".repeat(1_000_000));
    await target.kill();
    await target.restart(["-I", "4m", "-m", "256"]);
    await eventually("the new limit", () => client.set("key", "v".repeat(3_000_000)));
  });

  it("rejects with DriverError, unknown, when a full server refuses a value, and keeps the connection", async () => {
    const full = await MemcachedServer.start(["-M", "-m", "2"]);
    const proxy = await FaultProxy.to(full);
    const { client } = await open(proxy.address);
    let error: NamestoreError | undefined;
    for (let at = 0; at < 200 && error === undefined; at++) {
      await client.set(`key ${at}`, "v".repeat(100_000)).catch((reason: NamestoreError) => {
        error = reason;
      });
    }
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "unknown", message: expect.stringContaining("SERVER_ERROR out of memory") });
    expect(await client.find("key 0")).toHaveLength(100_000);
    expect(proxy.accepted).toBe(1);
  });

  it("rejects with NotSupportedError only what compares on a server without CAS tokens", async () => {
    const { client } = await open((await MemcachedServer.start(["-C"])).address);
    await client.set("key", "1", { ttl: "60d" });
    for (const call of [
      client.incr("key"),
      client.getSet("key", "2"),
      client.compareAndSwap("key", "1", "2"),
      client.compareAndDelete("key", "1"),
    ]) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error.message).toContain("-C");
    }
    expect(await client.get("key")).toBe("1");
  });
});
