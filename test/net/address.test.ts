import { describe, expect, it } from "vitest";
import { addressName, parseAddress } from "../../src/net/address.js";

describe("addresses", () => {
  it.each([
    ["localhost:6379", { host: "localhost", port: 6_379 }],
    ["127.0.0.1:1", { host: "127.0.0.1", port: 1 }],
    ["[::1]:65535", { host: "::1", port: 65_535 }],
    [":7000", { host: "", port: 7_000 }],
  ])("reads %s, and writes it alike", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(addressName(address)).toBe(text);
  });

  it("reads an IPv6 address without brackets by its last colon", () => {
    expect(parseAddress("fe80::1:6379")).toEqual({ host: "fe80::1", port: 6_379 });
  });

  it.each(["", "localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:x", "localhost:1.5"])(
    "returns undefined for %j",
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );
});
