import { describe, expect, it } from "vitest";
import * as commands from "../../src/memcached/commands.js";
import { itemKey } from "../../src/memcached/key.js";
import { EN, EX, HD, LINE, type MetaReply, MN, NF, NO_TTL_FLAG, NS, VA } from "../../src/memcached/reply-reader.js";
import { DESYNCHRONISED } from "../../src/net/outcomes.js";

const key = itemKey("app:users:", "1");
const awkward = itemKey("app:users:", "é");
const value = commands.dataBlock(key, "hé");
const bytes = Buffer.from("value");

function reply(code: number, more: Partial<MetaReply> = {}): MetaReply {
  return { code, opaque: 1, cas: "", ttl: NO_TTL_FLAG, value: undefined, line: "", ...more };
}

/** A command, what is sent for it, replies with their results, and replies that it never has. */
interface Case {
  readonly command: commands.MetaCommand<unknown>;
  readonly text: string;
  readonly results: readonly (readonly [MetaReply, unknown])[];
  readonly misfits: readonly MetaReply[];
}

const COMPARED: Pick<Case, "results" | "misfits"> = {
  results: [
    [reply(HD), true],
    [reply(EX), false],
    [reply(NF), false],
  ],
  misfits: [reply(EN), reply(NS), reply(LINE)],
};

const CASES: Readonly<Record<string, Case>> = {
  get: {
    command: commands.get(key),
    text: "mg app:users:1 v",
    results: [
      [reply(VA, { value: bytes }), bytes],
      [reply(EN), undefined],
    ],
    misfits: [reply(HD), reply(NF), reply(LINE)],
  },
  "get of an awkward key": {
    command: commands.get(awkward),
    text: `mg ${Buffer.from("app:users:é").toString("base64")} b v`,
    results: [[reply(EN), undefined]],
    misfits: [],
  },
  exists: {
    command: commands.exists(key),
    text: "mg app:users:1",
    results: [
      [reply(HD), true],
      [reply(EN), false],
    ],
    misfits: [reply(VA), reply(NF)],
  },
  ttl: {
    command: commands.ttl(key),
    text: "mg app:users:1 t",
    results: [
      [reply(HD, { ttl: 9 }), 9_000],
      [reply(HD, { ttl: -1 }), -1],
      [reply(HD, { ttl: 0 }), undefined],
      [reply(HD, { ttl: 2 ** 32 - 1 }), undefined],
      [reply(EN), undefined],
    ],
    misfits: [reply(HD), reply(VA, { ttl: 9 })],
  },
  set: {
    command: commands.set(key, value, " T9"),
    text: "ms app:users:1 3 T9",
    results: [[reply(HD), undefined]],
    misfits: [reply(NS), reply(EX)],
  },
  "set of an awkward key": {
    command: commands.set(awkward, value, ""),
    text: `ms ${Buffer.from("app:users:é").toString("base64")} 3 b`,
    results: [[reply(HD), undefined]],
    misfits: [],
  },
  setNX: {
    command: commands.setNX(key, value, " T9"),
    text: "ms app:users:1 3 T9 ME",
    results: [
      [reply(HD), true],
      [reply(NS), false],
    ],
    misfits: [reply(EX), reply(NF)],
  },
  replace: { command: commands.replace(key, value, " T9", "7"), text: "ms app:users:1 3 T9 C7", ...COMPARED },
  increase: { command: commands.increase(key, 5, "7"), text: "ma app:users:1 D5 C7", ...COMPARED },
  compareAndRemove: { command: commands.compareAndRemove(key, "7"), text: "md app:users:1 C7", ...COMPARED },
  remove: {
    command: commands.remove(key),
    text: "md app:users:1",
    results: [
      [reply(HD), true],
      [reply(NF), false],
    ],
    misfits: [reply(EN), reply(EX)],
  },
  expire: {
    command: commands.expire(key, " T9"),
    text: "md app:users:1 I T9",
    results: [
      [reply(HD), true],
      [reply(NF), false],
    ],
    misfits: [reply(EN), reply(EX)],
  },
  persist: { command: commands.persist(key), text: "md app:users:1 I T0", results: [[reply(HD), true]], misfits: [] },
  read: {
    command: commands.read(key),
    text: "mg app:users:1 v c t",
    results: [
      [reply(VA, { value: bytes, cas: "7", ttl: 9 }), { value: bytes, cas: "7", ttl: 9 }],
      [reply(VA, { value: bytes, cas: "7", ttl: 0 }), undefined],
      [reply(EN), undefined],
    ],
    misfits: [
      reply(HD, { cas: "7", ttl: 9 }),
      reply(VA, { value: bytes, ttl: 9 }),
      reply(VA, { value: bytes, cas: "7" }),
    ],
  },
  readState: {
    command: commands.readState(key),
    text: "mg app:users:1 c t",
    results: [
      [reply(HD, { cas: "7", ttl: -1 }), { cas: "7", ttl: -1 }],
      [reply(HD, { cas: "7", ttl: 0 }), undefined],
      [reply(EN), undefined],
    ],
    misfits: [reply(VA, { value: bytes, cas: "7", ttl: 9 }), reply(HD, { ttl: 9 }), reply(HD, { cas: "7" })],
  },
  noop: { command: commands.noop(), text: "mn", results: [[reply(MN), undefined]], misfits: [reply(HD), reply(LINE)] },
  serverTime: {
    command: commands.serverTime(),
    text: "stats",
    results: [
      [reply(LINE, { line: "STAT pid 1" }), commands.MORE],
      [reply(LINE, { line: "STAT time 9" }), commands.MORE],
      [reply(LINE, { line: "END" }), { time: "9" }],
    ],
    misfits: [reply(HD), reply(LINE, { line: "what?" })],
  },
};

describe("A meta command", () => {
  it.each(Object.entries(CASES))("sends and reads %s", (_, { command, text, results, misfits }) => {
    expect(command.text).toBe(text);
    for (const [answer, result] of results) expect(command.parse(answer)).toEqual(result);
    for (const misfit of misfits) {
      let error: unknown;
      try {
        command.parse(misfit);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBe(DESYNCHRONISED);
    }
  });

  it("is sent with its value only when it stores one", () => {
    for (const [name, { command }] of Object.entries(CASES)) {
      expect(command.value === undefined, name).toBe(!/^(set|setNX|replace)\b/.test(name));
    }
  });

  it("counts the bytes of a value, and knows ASCII", () => {
    expect(value).toEqual({ data: "hé", byteLength: 3, itemBytes: 14, ascii: false });
    expect(commands.dataBlock(key, "he")).toMatchObject({ byteLength: 2, ascii: true });
    expect(commands.dataBlock(key, bytes)).toMatchObject({ data: bytes, byteLength: 5 });
  });

  it("fails when the server's statistics lack what was asked for", () => {
    const command = commands.serverSettings();
    expect(command.parse(reply(LINE, { line: "STAT item_size_max 9" }))).toBe(commands.MORE);
    expect(() => command.parse(reply(LINE, { line: "END" }))).toThrow(DESYNCHRONISED);
  });
});
