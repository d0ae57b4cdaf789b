import { describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { TimeoutError, UnavailableError } from "../../src/errors.js";
import { type Call, driverWhere, later } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";

const DOWN = new UnavailableError("localhost:1: unreachable for 5 s", { outcome: "not-applied", down: true });
const BEGIN = "localhost:1: unreachable for 5 s; further calls that fail while the store is down are not logged";
const END = "warn: the memory driver reaches its store again";

/** A client whose driver fails as long as `failure` says so, and the lines that it logs. */
function open() {
  const { logger, lines } = recordingLogger();
  const state: { failure: (call: Call) => unknown } = { failure: () => undefined };
  const driver = driverWhere((call) => {
    const failure = state.failure(call);
    if (failure === undefined) return later(call);
    if (call.method === "scan") return failingScan(failure);
    return Promise.reject(failure);
  });
  const client = new Client("app", "notes", { driver, codec: text, logger });
  return { client, lines, state };
}

// biome-ignore lint/correctness/useYield: it fails before the first batch.
async function* failingScan(failure: unknown): AsyncGenerator<string[]> {
  throw failure;
}

describe("an outage that the driver knows of", () => {
  it("is logged once when it begins and once when it ends, for a client with its views and siblings", async () => {
    const { client, lines, state } = open();
    const sibling = client.domain("others");
    for (let round = 0; round < 2; round++) {
      state.failure = () => DOWN;
      const calls = [client.find("a"), client.withCodec(text).get("b"), sibling.mGet(["a"]), client.keys()];
      await Promise.allSettled([...calls, client.scan().next(), client.find("a")]);
      await Promise.allSettled([client.find("a")]);
      expect(lines).toEqual([`error: find "a": ${BEGIN}`]);
      state.failure = () => undefined;
      await client.find("a");
      await client.find("b");
      expect(lines).toEqual([`error: find "a": ${BEGIN}`, END]);
      lines.length = 0;
    }
  });

  it("is logged no more often by calls of getOrSet, which return the computed value", async () => {
    const { client, lines, state } = open();
    state.failure = () => DOWN;
    for (const key of ["a", "b", "a"]) expect(await client.getOrSet(key, () => "computed")).toBe("computed");
    expect(lines).toEqual([`error: getOrSet "a": ${BEGIN}`]);
    state.failure = ({ method }) => (method === "setNX" ? DOWN : undefined);
    expect(await client.getOrSet("c", () => "computed")).toBe("computed");
    expect(lines).toHaveLength(1);
    state.failure = () => undefined;
    expect(await client.getOrSet("c", () => "computed")).toBe("computed");
    expect(lines).toEqual([`error: getOrSet "a": ${BEGIN}`, END]);
  });

  it("does not end by calls about other keys, which other servers may serve, until a second has passed", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(5_000);
    const { client, lines, state } = open();
    state.failure = ({ args }) => (args[1] === "a" ? DOWN : undefined);
    for (let round = 0; round < 3; round++) {
      await Promise.allSettled([client.find("a")]);
      await client.find("b");
      await client.mGet(["c"]);
    }
    expect(lines).toHaveLength(1);
    now.mockReturnValue(5_999);
    for await (const _ of client.scan());
    expect(lines).toHaveLength(1);
    now.mockReturnValue(6_000);
    for await (const _ of client.scan());
    expect(lines).toEqual([`error: find "a": ${BEGIN}`, END]);
    now.mockRestore();
  });

  it("leaves other failures to a line each", async () => {
    const { client, lines, state } = open();
    for (const failure of [new TimeoutError("slow"), new UnavailableError("gone")]) {
      state.failure = () => failure;
      await Promise.allSettled([client.find("a"), client.find("a")]);
    }
    expect(lines).toHaveLength(4);
  });
});
