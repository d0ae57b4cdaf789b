import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it("the suite of the built package runs under node:test", () => {
  const run = spawnSync(process.execPath, ["--test", "--test-reporter=tap", "test/conformance/memory.node.mjs"], {
    encoding: "utf8",
  });
  const [passed, failed] = ["pass", "fail"].map((what) =>
    Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(run.stdout)?.[1]),
  );
  expect(failed, run.stdout).toBe(0);
  expect(passed).toBeGreaterThanOrEqual(200);
  expect(run.status).toBe(0);
}, 60_000);
