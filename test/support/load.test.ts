import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { UnavailableError } from "../../src/errors.js";
import { type Call, driverWhere, later } from "./driver.js";
import { Load } from "./load.js";

const TIMEOUT = 100;

/** Every seventh write is lost on its way there (`request`) or back (`reply`). */
function lossy(lost: "request" | "reply", give: (call: Call) => unknown): (call: Call) => unknown {
  let writes = 0;
  return async (call) => {
    if (!/incr|^set/.test(call.method) || ++writes % 7 > 0) return later(call);
    if (lost === "reply") await call.pass();
    return give(call);
  };
}

const unknown = (): never => {
  throw new UnavailableError("lost", { outcome: "unknown" });
};
const refused = (): never => {
  throw new UnavailableError("lost", { outcome: "not-applied" });
};

/** What the load finds of a driver after some hundred calls. */
async function problemsOf(intercept: (call: Call) => unknown): Promise<string> {
  const client = new Client("app", "load", { driver: driverWhere(intercept), codec: text });
  const load = new Load(client, { timeout: TIMEOUT, workers: 5, counters: 10 });
  await load.successes(300);
  await load.stop();
  return (await load.problems(true)).join("\n");
}

describe("the load finds", () => {
  it("nothing where a driver tells the truth", async () => {
    expect(await problemsOf(later)).toBe("");
    expect(await problemsOf(lossy("request", unknown))).toBe("");
    expect(await problemsOf(lossy("reply", unknown))).toBe("");
    expect(await problemsOf(lossy("request", refused))).toBe("");
  });

  it("a write that is sent again", async () => {
    expect(await problemsOf(lossy("reply", later))).toContain("applied twice");
  });

  it("a write whose reply was lost, reported as not done", async () => {
    expect(await problemsOf(lossy("reply", refused))).toContain("something refused was applied");
  });

  it("a write that was lost, reported as done", async () => {
    const found = await problemsOf(lossy("request", ({ method }) => (method === "incr" ? 1_000 : undefined)));
    expect(found).toMatch(/counter .*: lost/);
  });

  it("a set that was lost, reported as done", async () => {
    let held = false;
    const found = await problemsOf((call) => {
      held ||= call.method === "set" && (call.args[2] as string).endsWith(", 9");
      return held && call.method === "set" ? undefined : later(call);
    });
    expect(found).toMatch(/register .*: lost/);
  });

  it("a reply that meets another call", async () => {
    let previous: unknown;
    const mixed = (call: Call): unknown => {
      const answer = later(call);
      if (call.method !== "get") return answer;
      const given = previous ?? answer;
      previous = answer;
      return given;
    };
    expect(await problemsOf(mixed)).toContain("was read as");
  });

  it("one sum given to two callers", async () => {
    let previous: unknown;
    const stuck = lossy("request", () => previous);
    const repeating = (call: Call): unknown => {
      const answer = stuck(call);
      if (call.method === "incr") previous = answer;
      return answer;
    };
    expect(await problemsOf(repeating)).toContain("two callers were given one sum");
  });

  it("a call that pends for too long", async () => {
    const slow = async (call: Call): Promise<unknown> => {
      await sleep(call.args[1] === "counter 7" ? TIMEOUT + 1_050 : 0);
      return call.pass();
    };
    expect(await problemsOf(slow)).toContain("pended for");
  });
});
