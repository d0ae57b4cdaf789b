import { describe, expect, it, vi } from "vitest";
import { Program } from "../support/programs.js";
import { eventually } from "../support/waiting.js";
import { open } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000 });

/** What one process was told of a key: `true`, `false`, or that it is unknown. */
type Told = boolean | "unknown";

interface Report {
  readonly told: Readonly<Record<string, Told>>;
  readonly asked: number;
  readonly acknowledged: number;
  readonly refused: number;
}

const PROCESSES = 4;
const KEYS = 400;

/** Races for every key, and counts; what was refused is tried again, what is unknown never. */
const RACER = `
const driver = await RedisDriver.connect({ url: given.url, timeout: 500 });
const client = new Client("app", "users", { driver, codec: text });
const report = { told: {}, asked: 0, acknowledged: 0, refused: 0 };
async function race(key, call) {
  while (report.told[key] === undefined) {
    report.told[key] = await call().catch(async (error) => {
      if (error.outcome === "unknown") return "unknown";
      if (error.outcome !== "not-applied") throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
  }
}
async function count() {
  report.asked++;
  await client.incr("counter").then(
    () => report.acknowledged++,
    (error) => {
      if (error.outcome === "not-applied") report.refused++;
    },
  );
}
console.log("ready");
await told;
for (let from = 0; from < ${KEYS}; from += 10) {
  const calls = [];
  for (let at = from; at < from + 10; at++) {
    calls.push(race("first " + at, () => client.setNX("first " + at, given.name)));
    calls.push(race("swap " + at, () => client.compareAndSwap("swap " + at, "free", given.name)), count());
    calls.push(race("lock " + at, () => client.compareAndDelete("lock " + at, "free")));
  }
  await Promise.all(calls);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await driver.close();
console.log(JSON.stringify(report));
`;

describe("of four processes", () => {
  it("one wins each setNX, compareAndSwap and compareAndDelete", async () => {
    const { wins } = await race(async () => {});
    expect(wins).toBe(3 * KEYS);
  });

  it("one at most does so while connections are killed, and the server is frozen, killed and started again", async () => {
    const { unknown } = await race(async (server, going) => {
      const count = async (): Promise<number> => Number(await server.command("GET", "app:users:counter"));
      const progress = async (): Promise<void> => {
        const before = await count();
        await eventually("progress", async () => !going() || (await count()) > before + 50);
      };
      for (let round = 0; round < 3; round++) {
        await progress();
        await server.killClients();
        await progress();
        server.freeze();
        await new Promise((resolve) => setTimeout(resolve, 600));
        server.thaw();
        await progress();
        await server.kill();
        await server.up();
      }
    });
    expect(unknown).toBeGreaterThan(0);
  });
});

/** Runs the race on a server that keeps its data, and checks what the processes were told. */
async function race(
  disturb: (server: RedisServer, going: () => boolean) => Promise<void>,
): Promise<{ wins: number; unknown: number }> {
  const server = await RedisServer.start({ appendonly: "yes", appendfsync: "always" });
  const { client } = await open(server.url);
  const free = Array.from({ length: KEYS }, (_, at) => [`swap ${at}`, `lock ${at}`]).flat();
  await client.mSet(free.map((key) => [key, "free"]));

  const racers = Array.from(
    { length: PROCESSES },
    (_, at) => new Program(RACER, { url: server.url, name: `racer ${at}` }),
  );
  await Promise.all(racers.map((racer) => racer.printed("ready")));
  let racing = true;
  for (const racer of racers) racer.tell();
  const ends = Promise.all(racers.map((racer) => racer.ended())).finally(() => {
    racing = false;
  });
  await disturb(server, () => racing);
  const reports = (await ends).map(({ code, output, errors }): Report => {
    expect([code, errors]).toEqual([0, ""]);
    return JSON.parse(output.slice(output.indexOf("{")));
  });

  let wins = 0;
  let unknown = 0;
  for (let at = 0; at < KEYS; at++) {
    for (const kind of ["first", "swap", "lock"]) {
      const key = `${kind} ${at}`;
      const told = reports.map((report) => report.told[key] as Told);
      const winners = told.flatMap((each, racer) => (each === true ? [`racer ${racer}`] : []));
      const doubtful = told.flatMap((each, racer) => (each === "unknown" ? [`racer ${racer}`] : []));
      expect(winners.length, `${key}: ${told}`).toBeLessThanOrEqual(1);
      if (doubtful.length === 0) expect(winners.length, `${key}: ${told}`).toBe(1);
      const stored = await client.find(key);
      if (kind === "lock") {
        if (winners.length === 1) expect(stored, key).toBeUndefined();
      } else if (winners.length === 1) expect(stored, key).toBe(winners[0]);
      else expect([...doubtful, "free", undefined], key).toContain(stored);
      wins += winners.length;
      unknown += doubtful.length;
    }
  }
  const sum = (of: "asked" | "acknowledged" | "refused"): number =>
    reports.reduce((total, each) => total + each[of], 0);
  const counter = Number(await client.find("counter"));
  expect(counter).toBeGreaterThanOrEqual(sum("acknowledged"));
  expect(counter).toBeLessThanOrEqual(sum("asked") - sum("refused"));
  return { wins, unknown };
}
