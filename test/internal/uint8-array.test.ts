import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { isUint8Array } from "../../src/internal/uint8-array.js";

it.each([
  ["a Uint8Array", new Uint8Array()],
  ["a Buffer", Buffer.of(1)],
  ["an instance of a subclass", new (class Bytes extends Uint8Array {})()],
  ["one of another realm", runInNewContext("new Uint8Array(2)")],
  ["a view of shared memory", new Uint8Array(new SharedArrayBuffer(1))],
  ["one with another tag", Object.defineProperty(new Uint8Array(), Symbol.toStringTag, { value: "Object" })],
])("isUint8Array returns true for %s", (_name, value) => {
  expect(isUint8Array(value)).toBe(true);
});

it.each([
  ["undefined", undefined],
  ["null", null],
  ["a string", "Uint8Array"],
  ["a function", Uint8Array],
  ["an array", [1]],
  ["a Uint8ClampedArray", new Uint8ClampedArray()],
  ["an Int8Array", new Int8Array()],
  ["a DataView", new DataView(new ArrayBuffer(1))],
  ["an ArrayBuffer", new ArrayBuffer(1)],
  ["a proxy of one", new Proxy(new Uint8Array(), {})],
  ["an object with its prototype", Object.create(Uint8Array.prototype)],
  ["an object with its tag", { [Symbol.toStringTag]: "Uint8Array" }],
])("isUint8Array returns false for %s", (_name, value) => {
  expect(isUint8Array(value)).toBe(false);
});
