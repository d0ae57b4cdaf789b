import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { CodecError } from "../../src/errors.js";

describe("the bytes codec", () => {
  it("is the default", async () => {
    const client = new Client("app", "blobs");
    await client.set("a", Uint8Array.of(0, 255, 1));
    expect(await client.get("a")).toEqual(Uint8Array.of(0, 255, 1));
  });

  it("stores every byte, and also no bytes at all", async () => {
    const client = new Client("app", "blobs");
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await client.mSet({ all, none: new Uint8Array() });
    expect(await client.get("all")).toEqual(all);
    expect(await client.get("none")).toEqual(new Uint8Array());
  });

  it.each([
    ["a Uint8Array", () => Uint8Array.of(1, 2, 3)],
    ["a Buffer", () => Buffer.from([1, 2, 3])],
    ["a view into a larger array", () => Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4)],
    ["a view into a larger Buffer", () => Buffer.from([9, 1, 2, 3, 9]).subarray(1, 4)],
    [
      "a view into shared memory",
      () => {
        const whole = new Uint8Array(new SharedArrayBuffer(5));
        whole.set([9, 1, 2, 3, 9]);
        return whole.subarray(1, 4);
      },
    ],
  ])("copies %s on the way in and on the way out", async (_name, make) => {
    const client = new Client("app", "blobs");
    const given = make();
    const writing = client.set("a", given);
    given.fill(7);
    await writing;
    const first = await client.get("a");
    expect(first).toEqual(Uint8Array.of(1, 2, 3));
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
    expect(first.buffer).toBeInstanceOf(ArrayBuffer);
    expect(first.buffer.byteLength).toBe(3);
    first.fill(8);
    expect(await client.get("a")).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("copies in every other call too", async () => {
    const client = new Client("app", "blobs");
    const one = Uint8Array.of(1);
    const two = Uint8Array.of(2);
    await client.mSet({ a: one });
    await client.setNX("b", one);
    await client.getSet("c", one);
    await client.set("d", two);
    await client.compareAndSwap("d", two, one);
    one.fill(9);
    for (const [, value] of await client.mGet(["a", "b", "c", "d"])) {
      expect(value).toEqual(Uint8Array.of(1));
      value.fill(9);
    }
    (await client.find("a"))?.fill(9);
    expect(await client.get("a")).toEqual(Uint8Array.of(1));
    (await client.getSet("a", Uint8Array.of(3)))?.fill(9);
    expect(await client.get("a")).toEqual(Uint8Array.of(3));
  });

  it("decodes what a text codec encoded", () => {
    expect(bytes.decode(Buffer.from("é"))).toEqual(Uint8Array.of(0xc3, 0xa9));
  });

  it.each([
    ["a string", "text"],
    ["an array", [1, 2]],
    ["a Uint16Array", new Uint16Array(2)],
    ["an Int8Array", new Int8Array(2)],
    ["a Uint8ClampedArray", new Uint8ClampedArray(2)],
    ["a DataView", new DataView(new ArrayBuffer(2))],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a SharedArrayBuffer", new SharedArrayBuffer(2)],
    ["an object", { length: 1, 0: 1 }],
    ["an object", { [Symbol.toStringTag]: "secret" }],
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
  ])("refuses %s", async (kind, value) => {
    expect(() => bytes.encode(value as never)).toThrow(CodecError);
    expect(() => bytes.encode(value as never)).toThrow(`the bytes codec takes a Uint8Array, not ${kind}`);
    await expect(new Client("app", "blobs").set("a", value as never)).rejects.toMatchObject({
      code: "ERR_CODEC",
      operation: "set",
      key: "a",
    });
  });

  it("accepts a Uint8Array of another realm", async () => {
    const { runInNewContext } = await import("node:vm");
    const foreign = runInNewContext("Uint8Array.of(1, 2)") as Uint8Array;
    expect(bytes.encode(foreign)).toEqual(Uint8Array.of(1, 2));
  });
});
