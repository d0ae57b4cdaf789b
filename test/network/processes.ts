import { describe, expect, it } from "vitest";
import { Program } from "../support/programs.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually } from "../support/waiting.js";
import { LONG_TIMEOUT, SHORT_TIMEOUT } from "./connecting.js";
import type { ServerProcess } from "./server-process.js";
import type { NetworkSubject } from "./subject.js";

/** Tests in which several processes race for the same keys: at most one of them wins each key. */
export function racesOf(subject: NetworkSubject): void {
  describe("several processes that race for keys", () => {
    it("have exactly one winner of each setNX, compareAndSwap and compareAndDelete", async () => {
      const { wins } = await race(subject, LONG_TIMEOUT, async () => {});
      expect(wins).toBe(3 * KEYS);
    });

    it("have at most one winner of each key while connections and servers fail", async () => {
      const { unknown } = await race(subject, SHORT_TIMEOUT, async ({ server, proxy, progress }) => {
        for (let round = 0; round < 3; round++) {
          await progress();
          proxy.reset();
          await progress();
          server.freeze();
          await new Promise((resolve) => setTimeout(resolve, SHORT_TIMEOUT + 500));
          server.resume();
          await progress();
          if (!subject.durable) continue;
          await server.kill();
          await server.restart();
        }
      });
      expect(unknown).toBeGreaterThan(0);
    });
  });
}

interface Race {
  readonly server: ServerProcess;
  /** Stands between the processes and the server. */
  readonly proxy: FaultProxy;
  /** Waits until the processes have counted on, or have ended. */
  progress(): Promise<void>;
}

/** Lets the processes race, and checks that their results agree with each other and with the server. */
async function race(
  subject: NetworkSubject,
  timeout: number,
  disturb: (race: Race) => Promise<void>,
): Promise<{ wins: number; unknown: number }> {
  const server = await subject.startServer();
  const proxy = await FaultProxy.to(server);
  const client = await subject.open(server.address);
  const free = Array.from({ length: KEYS }, (_, at) => [`swap ${at}`, `lock ${at}`]).flat();
  await client.mSet(free.map((key) => [key, "free"]));

  const source = RACER.replace("CONNECT", subject.connect);
  const { address } = proxy;
  const racers = Array.from(
    { length: PROCESSES },
    (_, at) => new Program(source, { address, timeout, name: `racer ${at}` }),
  );
  await Promise.all(racers.map((racer) => racer.printed("ready")));
  let racing = true;
  for (const racer of racers) racer.tell();
  const ends = Promise.all(racers.map((racer) => racer.ended())).finally(() => {
    racing = false;
  });
  const count = async (): Promise<number> => Number((await client.find("counter")) ?? 0);
  const progress = async (): Promise<void> => {
    const before = await count();
    await eventually("progress", async () => !racing || (await count()) > before + 50, LONG_TIMEOUT);
  };
  await disturb({ server, proxy, progress });
  const reports = (await ends).map(({ code, output, errors }): Report => {
    expect([code, errors]).toEqual([0, ""]);
    return JSON.parse(output.slice(output.indexOf("{")));
  });

  let wins = 0;
  let unknown = 0;
  for (let at = 0; at < KEYS; at++) {
    for (const kind of ["first", "swap", "lock"]) {
      const key = `${kind} ${at}`;
      const results = reports.map((report) => report.results[key] as Result);
      const winners = results.flatMap((each, racer) => (each === true ? [`racer ${racer}`] : []));
      const doubtful = results.flatMap((each, racer) => (each === "unknown" ? [`racer ${racer}`] : []));
      expect(winners.length, `${key}: ${results}`).toBeLessThanOrEqual(1);
      if (doubtful.length === 0) expect(winners.length, `${key}: ${results}`).toBe(1);
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
  const counter = await count();
  expect(counter).toBeGreaterThanOrEqual(sum("acknowledged"));
  expect(counter).toBeLessThanOrEqual(sum("asked") - sum("refused"));
  // The counter's calls fail in the same faults.
  unknown += sum("asked") - sum("refused") - sum("acknowledged");
  return { wins, unknown };
}

/** What one process learned of a key: whether it won it, or that the outcome is unknown. */
type Result = boolean | "unknown";

interface Report {
  readonly results: Readonly<Record<string, Result>>;
  readonly asked: number;
  readonly acknowledged: number;
  readonly refused: number;
}

const PROCESSES = 4;
const KEYS = 400;

/** Races for every key, and counts. A call that was not applied is repeated, one with an unknown outcome never is. */
const RACER = `
async function connect() {
  try {
    return await CONNECT;
  } catch (error) {
    // On a busy machine a handshake may take longer than a short timeout.
    if (error.code !== "ERR_TIMEOUT") throw error;
    return connect();
  }
}
const driver = await connect();
const client = new Client("app", "users", { driver, codec: text });
const report = { results: {}, asked: 0, acknowledged: 0, refused: 0 };
async function race(key, call) {
  while (report.results[key] === undefined) {
    report.results[key] = await call().catch(async (error) => {
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
