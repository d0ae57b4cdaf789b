import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { UnavailableError } from "../../src/errors.js";
import { type Call, driverWhere, later } from "./driver.js";
import { Load } from "./load.js";

const TIMEOUT = 100;

/** Loses every seventh write: its request or its reply. */
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

/** Returns the problems that the load reports for a driver after some hundred calls. */
async function problemsOf(intercept: (call: Call) => unknown): Promise<string> {
  const client = new Client("app", "load", { driver: driverWhere(intercept), codec: text });
  const load = new Load(client, { timeout: TIMEOUT, workers: 5, counters: 10 });
  await load.successes(300);
  await load.stop();
  return (await load.problems(true)).join("\n");
}

describe("the load", () => {
  it("reports nothing for a correct driver", async () => {
    expect(await problemsOf(later)).toBe("");
    expect(await problemsOf(lossy("request", unknown))).toBe("");
    expect(await problemsOf(lossy("reply", unknown))).toBe("");
    expect(await problemsOf(lossy("request", refused))).toBe("");
  });

  it("reports a write that is sent twice", async () => {
    expect(await problemsOf(lossy("reply", later))).toContain("applied twice");
  });

  it("reports an applied write that rejects as not applied", async () => {
    expect(await problemsOf(lossy("reply", refused))).toContain("something refused was applied");
  });

  it("reports a lost increment that resolves", async () => {
    const found = await problemsOf(lossy("request", ({ method }) => (method === "incr" ? 1_000 : undefined)));
    expect(found).toMatch(/counter .*: lost/);
  });

  it("reports a lost set that resolves", async () => {
    let held = false;
    const found = await problemsOf((call) => {
      held ||= call.method === "set" && (call.args[2] as string).endsWith(", 9");
      return held && call.method === "set" ? undefined : later(call);
    });
    expect(found).toMatch(/register .*: lost/);
  });

  it("reports a reply that reaches another call", async () => {
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

  it("reports a sum that two callers receive", async () => {
    let previous: unknown;
    const stuck = lossy("request", () => previous);
    const repeating = (call: Call): unknown => {
      const answer = stuck(call);
      if (call.method === "incr") previous = answer;
      return answer;
    };
    expect(await problemsOf(repeating)).toContain("two callers received the same sum");
  });

  it("reports a call that is pending for too long", async () => {
    const slow = async (call: Call): Promise<unknown> => {
      await sleep(call.args[1] === "counter 7" ? TIMEOUT + 1_050 : 0);
      return call.pass();
    };
    expect(await problemsOf(slow)).toContain("pended for");
  });
});
