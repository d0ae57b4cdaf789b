import { createHash } from "node:crypto";
import type { ServerAddress } from "./options.js";

/** Decides which server a key is on: the weighted ketama ring of libmemcached. */
export class Ring {
  readonly #places: Uint32Array;
  readonly #servers: readonly number[];

  constructor(servers: readonly ServerAddress[]) {
    const points = servers.length === 1 ? [] : pointsOf(servers);
    this.#places = Uint32Array.from(points, ([place]) => place);
    this.#servers = points.map(([, server]) => server);
  }

  /** The index of the server of a storage key. */
  serverOf(key: string): number {
    const places = this.#places;
    if (places.length === 0) return 0;
    const place = md5(key).readUInt32LE();
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // In range: low <= middle < high <= length.
      if ((places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    // In range: the last point is followed by the first.
    return this.#servers[low === places.length ? 0 : low] as number;
  }
}

/** A place on the ring, and the index of the server that has the keys up to it. */
export type RingPoint = readonly [place: number, server: number];

/**
 * The points of these servers, sorted by their places. Rounds to 32 bits wherever libmemcached does, so that both find
 * every key on the same server.
 *
 * @see https://github.com/awesomized/libmemcached/blob/v1.x/src/libmemcached/hosts.cc
 */
export function pointsOf(servers: readonly ServerAddress[]): RingPoint[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const points: RingPoint[] = [];
  for (const [server, { host, port, weight }] of servers.entries()) {
    const share = fround(fround(fround(fround(weight / total) * 160) / 4) * servers.length);
    const digests = Math.floor(fround(share + fround(1e-10)));
    const name = port === OMITTED_PORT ? host : `${host}:${port}`;
    for (let at = 0; at < digests; at++) {
      const digest = md5(`${name}-${at}`);
      for (let word = 0; word < 4; word++) points.push([digest.readUInt32LE(4 * word), server]);
    }
  }
  return points.sort(([a], [b]) => a - b);
}

/** The port that the name of a point leaves out. */
const OMITTED_PORT = 11_211;

const { fround } = Math;

function md5(text: string): Buffer {
  return createHash("md5").update(text).digest();
}
