import { expect, it } from "vitest";
import { withoutGlobals } from "../support/globals.js";

it.each([
  ["a browser, which has no Buffer", ["Buffer"]],
  ["jsdom, which hides TextEncoder", ["TextEncoder", "TextDecoder"]],
])("the root entry loads and works in %s", async (_name, hidden) => {
  const { Client, MemoryDriver, bytes, json, text } = await withoutGlobals(hidden, () => import("../../src/index.js"));
  const client = new Client("app", "things", { driver: new MemoryDriver({ maxBytes: 10_000 }), codec: json() });
  await client.set("a", { name: "é😀".repeat(50) });
  expect(await client.get("a")).toEqual({ name: "é😀".repeat(50) });
  const stored = await client.withCodec(bytes).get("a");
  expect(new TextDecoder().decode(stored)).toBe(await client.withCodec(text).get("a"));
  expect(await client.withCodec(bytes).compareAndSwap("a", stored, Uint8Array.of(0x34, 0x32))).toBe(true);
  expect(await client.incr("a")).toBe(43);
  await client.withCodec(bytes).set("a", Uint8Array.of(0xff));
  await expect(client.get("a")).rejects.toMatchObject({ code: "ERR_CODEC" });
});
