import { describe, expect, it } from "vitest";
import { checkTls, tlsOptionsFor } from "../../src/net/tls.js";

describe("tlsOptionsFor", () => {
  it("names the host to the server, unless it is an IP address", () => {
    expect(tlsOptionsFor("redis.example.com", true)).toEqual({ servername: "redis.example.com" });
    expect(tlsOptionsFor("127.0.0.1", true)).toEqual({});
    expect(tlsOptionsFor("::1", true)).toEqual({});
  });

  it("keeps the user's options, a server name among them", () => {
    expect(tlsOptionsFor("a", { ca: "pem", servername: "b" })).toEqual({ ca: "pem", servername: "b" });
  });

  it("drops what would lead to another place", () => {
    expect(tlsOptionsFor("127.0.0.1", { host: "b", port: 1, path: "/socket" })).toEqual({});
  });
});

describe("checkTls", () => {
  it("takes booleans and options, and refuses anything else", () => {
    for (const given of [undefined, true, false, {}, { ca: "pem" }]) expect(() => checkTls(given)).not.toThrow();
    for (const given of ["true", 1, null]) expect(() => checkTls(given)).toThrow("tls is ");
  });
});
