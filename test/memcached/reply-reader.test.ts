import { describe, expect, it } from "vitest";
import {
  EN,
  EX,
  HD,
  LINE,
  type MetaReply,
  MN,
  NF,
  NO_TTL_FLAG,
  NS,
  ReplyReader,
  VA,
} from "../../src/memcached/reply-reader.js";
import { MemcachedServer } from "./servers.js";

const server = await MemcachedServer.start();

type ReadReply = Omit<MetaReply, "value"> & { value: string | undefined };

/** Reads pieces. Returns the replies in them, and whether they contained nothing else. */
function read(pieces: readonly (string | Buffer)[]): { replies: ReadReply[]; good: boolean } {
  const replies: ReadReply[] = [];
  const reader = new ReplyReader((reply) => {
    replies.push({ ...reply, value: reply.value?.toString("latin1") });
    return true;
  });
  const good = pieces.every((piece) => reader.read(Buffer.from(piece as string, "latin1")));
  return { replies, good };
}

const reply = (code: number, more: Partial<ReadReply> = {}): Partial<ReadReply> => ({
  code,
  opaque: -1,
  cas: "",
  ttl: NO_TTL_FLAG,
  ...more,
});

const REPLIES: readonly [string, Partial<ReadReply>][] = [
  ["HD\r\n", reply(HD)],
  ["HD O7\r\n", reply(HD, { opaque: 7 })],
  ["EN\r\n", reply(EN)],
  ["EN O0\r\n", reply(EN, { opaque: 0 })],
  ["NS O12\r\n", reply(NS, { opaque: 12 })],
  ["EX O999\r\n", reply(EX, { opaque: 999 })],
  ["NF O1\r\n", reply(NF, { opaque: 1 })],
  ["MN\r\n", reply(MN)],
  ["VA 0 O3\r\n\r\n", reply(VA, { opaque: 3, value: "" })],
  ["VA 5\r\nvalue\r\n", reply(VA, { value: "value" })],
  ["VA 4 O3\r\n\r\n\r\n\r\n", reply(VA, { opaque: 3, value: "\r\n\r\n" })],
  [
    "VA 9 c18446744073709551615 t-1 O3\r\nEN\r\nVA 1\n\r\n",
    reply(VA, { opaque: 3, cas: "18446744073709551615", ttl: -1, value: "EN\r\nVA 1\n" }),
  ],
  ["VA 3 t2592000 c1 O3 Z X\r\n\0\xff\n\r\n", reply(VA, { opaque: 3, cas: "1", ttl: 2_592_000, value: "\0\xff\n" })],
  ["HD t99 O4 X W\r\n", reply(HD, { opaque: 4, ttl: 99 })],
  ["HD kkey b O4\r\n", reply(HD, { opaque: 4 })],
  ["ERROR\r\n", { code: LINE, line: "ERROR" }],
  ["SERVER_ERROR out of memory\r\n", { code: LINE, line: "SERVER_ERROR out of memory" }],
  ["STAT time 1\r\n", { code: LINE, line: "STAT time 1" }],
  ["END\r\n", { code: LINE, line: "END" }],
];

describe("ReplyReader", () => {
  it.each(REPLIES)("reads %j", (text, expected) => {
    const { replies, good } = read([text]);
    expect(good).toBe(true);
    expect(replies).toHaveLength(1);
    expect(replies[0]).toMatchObject(expected);
  });

  const all = REPLIES.map(([text]) => text).join("");

  it("joins replies that are split at any byte", () => {
    const whole = read([all]);
    expect(whole.replies).toHaveLength(REPLIES.length);
    for (let at = 1; at < all.length; at++) expect(read([all.slice(0, at), all.slice(at)])).toEqual(whole);
  });

  it("joins replies that arrive byte by byte", () => {
    expect(read([...all])).toEqual(read([all]));
  });

  it("joins a large value from many pieces, and reads the next reply after it", () => {
    const value = "0123456789\r\n".repeat(20_000);
    const text = `VA ${value.length} O1\r\n${value}\r\nEN O2\r\n`;
    const pieces = Array.from({ length: Math.ceil(text.length / 65_536) }, (_, at) =>
      text.slice(at * 65_536, (at + 1) * 65_536),
    );
    const { replies, good } = read(pieces);
    expect(good).toBe(true);
    expect(replies.map(({ value }) => value?.length)).toEqual([value.length, undefined]);
    expect(replies[0]?.value === value).toBe(true);
  });

  it("stops when its consumer wants no more", () => {
    let count = 0;
    const reader = new ReplyReader(() => ++count < 2);
    expect(reader.read(Buffer.from("HD\r\nHD\r\nHD\r\n"))).toBe(false);
    expect(count).toBe(2);
  });

  it.each([
    "\r\n",
    "\n",
    "H\r\n",
    "HD\n",
    "VA\r\n",
    "VA \r\n\r\n",
    "VA x\r\n\r\n",
    "VA -1\r\n\r\n",
    "VA 1x\r\n1\r\n",
    "VA\r\n12 \r\n",
    "VA 5\r\nvalue!\n",
    "VA 5\r\nvalue\r!",
    "VA 9999999999\r\n",
    "HD O\r\n",
    "HD Ox\r\n",
    "HD O-1\r\n",
    "HD c\r\n",
    "HD cx\r\n",
    "HD t\r\n",
    "HD tx\r\n",
    `STAT ${"x".repeat(5_000)}\r\n`,
    "x".repeat(5_000),
  ])("refuses %j", (text) => {
    expect(read([text]).good).toBe(false);
  });
});

describe("memcached", () => {
  it.each<[string, string, string]>([
    ["mg, a miss", "mg none v O1\r\n", "EN O1\r\n"],
    ["ms and mg", "ms a 5 O1\r\nvalue\r\nmg a v O2\r\n", "HD O1\r\nVA 5 O2\r\nvalue\r\n"],
    ["ms with a TTL, mg t", "ms b 1 T100 O1\r\n1\r\nmg b t O2\r\n", "HD O1\r\nHD t100 O2\r\n"],
    ["without a TTL", "ms c 1 O1\r\n1\r\nmg c t O2\r\n", "HD O1\r\nHD t-1 O2\r\n"],
    ["ms ME", "ms d 1 ME O1\r\n1\r\nms d 1 ME O2\r\n2\r\n", "HD O1\r\nNS O2\r\n"],
    ["ms C of a missing item", "ms none 1 C1 O1\r\n1\r\n", "NF O1\r\n"],
    ["ms C of a changed item", "ms e 1 O1\r\n1\r\nms e 1 C999999 O2\r\n2\r\n", "HD O1\r\nEX O2\r\n"],
    ["md", "ms f 1 O1\r\n1\r\nmd f O2\r\nmd f O3\r\n", "HD O1\r\nHD O2\r\nNF O3\r\n"],
    ["md C", "ms g 1 O1\r\n1\r\nmd g C999999 O2\r\n", "HD O1\r\nEX O2\r\n"],
    ["md I T", "ms h 1 T9 O1\r\n1\r\nmd h I T50 O2\r\nmg h t O3\r\n", "HD O1\r\nHD O2\r\nHD t50 O3 X W\r\n"],
    ["md I T0", "ms i 1 T9 O1\r\n1\r\nmd i I T0 O2\r\nmg i v t O3\r\n", "HD O1\r\nHD O2\r\nVA 1 t-1 O3 X W\r\n1\r\n"],
    ["md I of a missing item", "md none I T0 O2\r\n", "NF O2\r\n"],
    ["ma", "ms j 1 T9 O1\r\n9\r\nma j D1 v t O2\r\n", "HD O1\r\nVA 2 t9 O2\r\n10\r\n"],
    [
      "ma of an item that was touched",
      "ms k 1 O1\r\n9\r\nmd k I T9 O2\r\nma k D1 O3\r\n",
      "HD O1\r\nHD O2\r\nHD O3\r\n",
    ],
    ["T-1", "ms l 1 T-1 O1\r\n9\r\nmg l O2\r\n", "HD O1\r\nEN O2\r\n"],
    ["base64", "ms YSBi 1 b O1\r\n9\r\nmg YSBi b v O2\r\n", "HD O1\r\nVA 1 O2\r\n9\r\n"],
    ["mn", "mn\r\n", "MN\r\n"],
    ["a date past 2038", "ms m 1 T2147483648 O1\r\n9\r\nmg m O2\r\n", "HD O1\r\nEN O2\r\n"],
  ])("answers %s as the driver expects", async (_, request, answer) => {
    expect(await server.raw(request)).toBe(answer);
  });

  it("changes the CAS token when md I touches an item, but not when mg T does", async () => {
    const cas = async (): Promise<string | undefined> => / c(\d+)/.exec(await server.raw("mg n c\r\n"))?.[1];
    await server.raw("ms n 1\r\n1\r\n");
    const first = await cas();
    await server.raw("mg n T50\r\n");
    expect(await cas()).toBe(first);
    await server.raw("md n I T50\r\n");
    expect(await cas()).not.toBe(first);
  });
});
