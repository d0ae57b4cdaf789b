import { createHash } from "node:crypto";
import type { Address } from "./options.js";

/** The port that a point's name leaves out. */
const UNNAMED_PORT = 11_211;

const { fround } = Math;

/** A place on the ring and the server that holds the keys up to it. */
export type Point = readonly [place: number, server: number];

/**
 * The points of these servers in the order of their places. It is the weighted ketama ring of libmemcached, rounding
 * to 32 bits where libmemcached does: both find every key on the same server.
 *
 * @see https://github.com/awesomized/libmemcached/blob/v1.x/src/libmemcached/hosts.cc
 */
export function pointsOf(servers: readonly Address[]): Point[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const points: Point[] = [];
  for (const [server, { host, port, weight }] of servers.entries()) {
    const share = fround(fround(fround(fround(weight / total) * 160) / 4) * servers.length);
    const digests = Math.floor(fround(share + fround(1e-10)));
    const name = port === UNNAMED_PORT ? host : `${host}:${port}`;
    for (let at = 0; at < digests; at++) {
      const digest = md5(`${name}-${at}`);
      for (let word = 0; word < 4; word++) points.push([digest.readUInt32LE(4 * word), server]);
    }
  }
  return points.sort(([a], [b]) => a - b);
}

/** Says which server holds a key. */
export class Ring {
  readonly #places: Uint32Array;
  readonly #servers: readonly number[];

  constructor(servers: readonly Address[]) {
    const points = servers.length === 1 ? [] : pointsOf(servers);
    this.#places = Uint32Array.from(points, ([place]) => place);
    this.#servers = points.map(([, server]) => server);
  }

  /** The number of the server for a storage key. */
  serverOf(key: string): number {
    const places = this.#places;
    if (places.length === 0) return 0;
    const place = md5(key).readUInt32LE();
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    // Behind the last point comes the first.
    return this.#servers[low === places.length ? 0 : low] as number;
  }
}

function md5(text: string): Buffer {
  return createHash("md5").update(text).digest();
}
