import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pointsOf, Ring } from "../../src/memcached/ring.js";

/**
 * Computed apart from this code with floats of 32 bits. The formula agreed with libmemcached 1.1.4 in 250 of 250 set-ups:
 * a server has floor(f(f(f(f(f(w/total)*160)/4)*n)+f(1e-10))) digests of four points each.
 */
interface Vector {
  readonly servers: readonly (readonly [host: string, port: number, weight: number])[];
  /** How many points each server has. */
  readonly counts: readonly number[];
  /** The first three points and the last one. */
  readonly first: readonly (readonly [place: number, server: number])[];
  readonly last: readonly [place: number, server: number];
  /** MD5 of all points, each as `place:server;`. */
  readonly digest: string;
  /** The servers of {@link KEYS}. */
  readonly keys: readonly number[];
}

const KEYS = ["app:users:1", "app:users:2", "app:users:alice", "app:carts:42", "key", "naïve", "a b"];

const VECTORS: Readonly<Record<string, Vector>> = {
  "weights that floats of 64 bits would turn into other points": {
    servers: [
      ["10.0.2.1", 11211, 11],
      ["10.0.2.2", 11212, 10],
      ["10.0.2.3", 11211, 8],
      ["10.0.2.4", 11212, 2],
      ["10.0.2.5", 11211, 11],
      ["10.0.2.6", 11212, 7],
      ["10.0.2.7", 11211, 7],
    ],
    counts: [216, 200, 160, 40, 216, 140, 140],
    first: [
      [3277417, 2],
      [5157632, 1],
      [11481199, 1],
    ],
    last: [4291548972, 6],
    digest: "59e96e49ece7214df29fed0b5bd1797a",
    keys: [1, 2, 0, 5, 0, 0, 5],
  },
  "three servers on 11211": {
    servers: [
      ["10.0.1.1", 11211, 1],
      ["10.0.1.2", 11211, 1],
      ["10.0.1.3", 11211, 1],
    ],
    counts: [160, 160, 160],
    first: [
      [2148620, 2],
      [11846502, 2],
      [14164473, 1],
    ],
    last: [4284485839, 0],
    digest: "656117dc50525ac8cdb4448a50e2ac15",
    keys: [0, 2, 0, 2, 0, 2, 1],
  },
  "three servers on other ports": {
    servers: [
      ["127.0.0.1", 22122, 1],
      ["127.0.0.1", 22123, 1],
      ["127.0.0.1", 22124, 1],
    ],
    counts: [160, 160, 160],
    first: [
      [3652753, 1],
      [6005481, 2],
      [31467791, 1],
    ],
    last: [4246787349, 0],
    digest: "8648d6d8086b311d6d18eabfee7ee1df",
    keys: [2, 1, 1, 2, 1, 2, 2],
  },
  "one on 11211 and one not": {
    servers: [
      ["cache-a.example", 11211, 1],
      ["cache-b.example", 11212, 1],
    ],
    counts: [160, 160],
    first: [
      [14077906, 1],
      [19763380, 1],
      [38894131, 0],
    ],
    last: [4257248661, 1],
    digest: "d9f7685814e2cbd961f87ab18719ca08",
    keys: [0, 1, 0, 0, 0, 1, 1],
  },
  "weights 1, 2 and 3": {
    servers: [
      ["10.0.1.1", 11211, 1],
      ["10.0.1.2", 11211, 2],
      ["10.0.1.3", 11213, 3],
    ],
    counts: [80, 160, 240],
    first: [
      [2753420, 2],
      [13632535, 2],
      [14164473, 1],
    ],
    last: [4282287156, 1],
    digest: "46f3bd49212500bae6944b9a20c57ea4",
    keys: [0, 1, 0, 2, 0, 2, 1],
  },
  "weights that do not divide": {
    servers: [
      ["10.0.0.1", 11211, 600],
      ["10.0.0.2", 11211, 300],
      ["10.0.0.3", 11211, 200],
      ["10.0.0.4", 11211, 350],
      ["10.0.0.5", 11211, 1000],
      ["10.0.0.6", 11211, 800],
      ["10.0.0.7", 11211, 950],
      ["10.0.0.8", 11211, 100],
    ],
    counts: [176, 88, 56, 104, 296, 236, 280, 28],
    first: [
      [5540825, 4],
      [11062586, 2],
      [12878113, 6],
    ],
    last: [4293733393, 5],
    digest: "582b89dcc951e92cdbd05e8b5ab91faa",
    keys: [5, 3, 4, 6, 0, 4, 4],
  },
  "a weight so small that it has no point": {
    servers: [
      ["10.0.0.1", 11211, 1000],
      ["10.0.0.2", 11211, 1],
    ],
    counts: [316, 0],
    first: [
      [35642231, 0],
      [62161512, 0],
      [66773914, 0],
    ],
    last: [4280396373, 0],
    digest: "07a6bdf8235d3150fa99feae9a9be5ee",
    keys: [0, 0, 0, 0, 0, 0, 0],
  },
  IPv6: {
    servers: [
      ["::1", 11211, 1],
      ["::1", 11212, 1],
    ],
    counts: [160, 160],
    first: [
      [4561546, 0],
      [36045150, 0],
      [56282305, 0],
    ],
    last: [4270822255, 1],
    digest: "4d34bc42f86b8966966f8c625f83050d",
    keys: [0, 1, 0, 1, 0, 1, 0],
  },
};

describe("Ring", () => {
  it.each(Object.entries(VECTORS))(
    "has the points of libmemcached's ring for %s",
    (_, { servers, counts, first, last, digest, keys }) => {
      const addresses = servers.map(([host, port, weight]) => ({ host, port, weight }));
      const points = pointsOf(addresses);
      expect(addresses.map((_, at) => points.filter(([, server]) => server === at).length)).toEqual(counts);
      expect(points.slice(0, 3)).toEqual(first);
      expect(points.at(-1)).toEqual(last);
      const all = points.map(([place, server]) => `${place}:${server};`).join("");
      expect(createHash("md5").update(all).digest("hex")).toBe(digest);
      const ring = new Ring(addresses);
      expect(KEYS.map((key) => ring.serverOf(key))).toEqual(keys);
    },
  );

  it("maps every key to an only server", () => {
    const ring = new Ring([{ host: "localhost", port: 11_211, weight: 7 }]);
    expect(KEYS.map((key) => ring.serverOf(key))).toEqual(KEYS.map(() => 0));
  });

  it("continues at its first point after the last one", () => {
    const ring = new Ring([
      { host: "10.0.1.1", port: 11_211, weight: 1 },
      { host: "10.0.1.2", port: 11_211, weight: 1 },
      { host: "10.0.1.3", port: 11_211, weight: 1 },
    ]);
    // Their MD5s start after the last point, 4284485839. The first point is the third server's.
    const behind = Array.from({ length: 3_000 }, (_, at) => `key ${at}`).filter(
      (key) => createHash("md5").update(key).digest().readUInt32LE() > 4_284_485_839,
    );
    expect(behind.length).toBeGreaterThan(3);
    expect(new Set(behind.map((key) => ring.serverOf(key)))).toEqual(new Set([2]));
  });

  it("moves about a quarter of the keys when a fourth server is added", () => {
    const four = [1, 2, 3, 4].map((at) => ({ host: `10.0.1.${at}`, port: 11_211, weight: 1 }));
    const [before, after] = [new Ring(four.slice(0, 3)), new Ring(four)];
    const keys = Array.from({ length: 2_000 }, (_, at) => `app:users:${at}`);
    const moved = keys.filter((key) => before.serverOf(key) !== after.serverOf(key));
    expect(moved.length).toBeGreaterThan(300);
    expect(moved.length).toBeLessThan(800);
  });
});
