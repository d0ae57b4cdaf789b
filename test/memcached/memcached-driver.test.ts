import { describe, expect, it, vi } from "vitest";
import { open, over } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const server = await MemcachedServer.start();

describe("MemcachedDriver", () => {
  it("lets no namespace and no key smuggle in a command", async () => {
    const { client, driver } = await open(server.address);
    await client.set("kept", "1");
    for (const evil of ["a\r\nflush_all\r\n", "a b\r\nmd app:users:kept\r\n", "x v\r\n", "\0\r\nflush_all"]) {
      const users = over(driver, evil.replaceAll(":", ";"), evil.replaceAll(":", ";"));
      await users.mSet({ [evil]: "2" });
      expect(await users.find(evil)).toBe("2");
      expect(await users.keys()).toEqual([evil]);
      await users.incr(evil);
      await users.clear();
    }
    expect(await client.find("kept")).toBe("1");
  });
});
