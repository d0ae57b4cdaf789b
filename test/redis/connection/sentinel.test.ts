import { describe, expect, it } from "vitest";
import type { NodeClient } from "../../../src/redis/connection/node-client.js";
import { assertPrimary } from "../../../src/redis/connection/sentinel.js";
import { rejection } from "../../support/promises.js";

/** A client of a server that sends this reply to any command. */
function replying(reply: unknown): NodeClient {
  return { sendCommand: async () => reply, connect: async () => {}, destroy() {}, on() {} };
}

describe("assertPrimary", () => {
  it("accepts a primary", async () => {
    await expect(assertPrimary(replying([Buffer.from("master"), 0, []]))).resolves.toBeUndefined();
  });

  it.each([[["slave", "127.0.0.1", 6_379]], ["OK"], [null]])("rejects a server that replies %j", async (reply) => {
    expect(await rejection(assertPrimary(replying(reply)))).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "not-applied" },
      message: "the Sentinels name a server that is not a primary",
    });
  });
});
