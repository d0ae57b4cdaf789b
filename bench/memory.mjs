import { inChild } from "./child.mjs";
import { figure } from "./report.mjs";

const ENTRIES = 1_000_000;
const NAMESPACES = 100_000;

/**
 * The bytes that a store holds an entry.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function memory({ quick, progress }) {
  const entries = quick ? ENTRIES / 10 : ENTRIES;

  async function held(/** @type {string} */ subject, call = "set", count = entries, spread = 1) {
    progress(`${subject}, ${call}, ${count} entries`);
    const { bytes } = await inChild("./size-child.mjs", [subject, call, count, spread]);
    return /** @type {number} */ (bytes);
  }

  const map = await held("Map");
  const plain = await held("namestore");
  const withTTL = await held("namestore", "setTTL");
  const alone = await held("namestore", "set", NAMESPACES, NAMESPACES);
  /** @type {[string, number][]} */
  const figures = [
    ["Map under the prefixed keys", map],
    ["namestore", plain],
    ["namestore, with a TTL", withTTL],
    ["namestore, bounded", await held("namestore, bounded")],
    ["namestore, bounded, with a TTL", await held("namestore, bounded", "setTTL")],
    ["namestore, swept, with a TTL", await held("namestore, swept", "setTTL")],
    ["lru-cache", await held("lru-cache")],
    ["lru-cache, with a TTL", await held("lru-cache", "setTTL")],
    ["keyv", await held("keyv")],
    [`namestore, each in a namespace of its own (${NAMESPACES.toLocaleString("en")})`, alone],
  ];
  return {
    name: "memory",
    title: `Memory: a text of 15 characters, ${entries.toLocaleString("en")} entries`,
    tables: [
      {
        columns: ["", "bytes an entry", "of the Map"],
        rows: figures.map(([what, bytes]) => [what, figure(bytes), figure(bytes / map)]),
        note: "The heap and what lies outside of it, after every entry was read and a collection, each in a process of its own; keys and values count.",
      },
    ],
    bars: [
      { what: "an entry", is: figure(plain / map), limit: "≤ 1.05 of the Map", held: plain <= 1.05 * map },
      { what: "an entry with a TTL", is: figure(withTTL / map), limit: "≤ 1.5 of the Map", held: withTTL <= 1.5 * map },
      { what: "an entry in a namespace of its own", is: figure(alone), limit: "≤ 400 bytes", held: alone <= 400 },
    ],
    data: Object.fromEntries(figures),
  };
}
