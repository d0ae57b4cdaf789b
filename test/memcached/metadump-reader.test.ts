import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { MetadumpReader } from "../../src/memcached/metadump-reader.js";

const line = (name: string, exp = "-1"): string => `key=${name} exp=${exp} la=1 cas=1 fetch=no cls=1 size=70\n`;

describe("MetadumpReader", () => {
  const text = `OK\r\n${line("app%3Ausers%3Aa")}${line("app%3Ausers%3A%C3%A9%20%2F", "1001")}${line("app%3Ausers%3Agone", "1000")}${line(
    "app%3Ausers%3Abad%FF",
  )}${line("other%3Aapp%3Ausers%3Aa")}${line("app%3Ausers%3A")}${line("app%3Ausers%3A1", "0")}${line("zz")}key=app%3Ausers%3Ahalf\nEND\r\n`;

  function read(pieces: readonly string[]): { names: string[]; ends: boolean[] } {
    const reader = new MetadumpReader("app:users:", 1_000);
    const ends = pieces.map((piece) => reader.read(Buffer.from(piece, "latin1")));
    return { names: [...reader.names], ends };
  }

  it("collects the live UTF-8 keys of the namespace, unescaped", () => {
    expect(read([text])).toEqual({ names: ["a", "é /", ""], ends: [true] });
  });

  it("joins lines that are split at any byte", () => {
    for (let at = 1; at < text.length; at++) {
      expect(read([text.slice(0, at), text.slice(at)])).toEqual({ names: ["a", "é /", ""], ends: [false, true] });
    }
    expect(read([...text]).names).toEqual(["a", "é /", ""]);
  });

  it("reads a listing without keys", () => {
    expect(read(["END\r\n"])).toEqual({ names: [], ends: [true] });
    expect(read([line("zzEND"), "END", "\r\n"]).ends).toEqual([false, false, true]);
  });

  it.each(["what?\r\n", "x".repeat(3_000), `${line("a")}${"x".repeat(3_000)}`])("refuses %j", (garbage) => {
    expect(() => read([garbage])).toThrow(UnavailableError);
  });

  it("escapes the prefix as the server does", () => {
    const reader = new MetadumpReader("!'()*~-._%:é", 1);
    reader.read(Buffer.from(`${line("%21%27%28%29%2A~-._%25%3A%C3%A9key")}END\r\n`));
    expect([...reader.names]).toEqual(["key"]);
  });
});
