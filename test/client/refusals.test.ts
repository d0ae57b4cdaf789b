import { expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { DriverError, NotFoundError, UnavailableError } from "../../src/errors.js";
import { Admission } from "../../src/net/admission.js";
import { driverWhere, failing } from "../support/driver.js";
import { rejection, settle } from "../support/promises.js";

const hasStack = (error: Error): boolean => /\n\s+at /.test(error.stack ?? "");
const limit = Error.stackTraceLimit;

it("a flood of refused calls builds few stack traces, so that the accepted calls of its tick succeed", async () => {
  const admission = new Admission(50_000);
  const driver = driverWhere((call) => {
    admission.admit();
    return new Promise((resolve) => setTimeout(() => resolve(call.pass()), 1)).finally(admission.release);
  });
  const client = new Client("app", "flood", { driver, codec: text });
  let served = 0;
  const refusals: UnavailableError[] = [];
  const calls = Array.from({ length: 200_000 }, (_, at) =>
    client.set(`k${at}`, "v").then(
      () => {
        served++;
      },
      (error: UnavailableError) => {
        refusals.push(error);
      },
    ),
  );
  await Promise.all(calls);
  expect(served).toBe(50_000);
  expect(refusals).toHaveLength(150_000);
  expect(refusals.filter(hasStack)).toHaveLength(10);
  expect(new Set(refusals).size).toBe(150_000);
  expect(refusals.at(-1)).toMatchObject({
    name: "UnavailableError",
    message: 'set "k199999": 50000 calls are already pending',
    operation: "set",
    key: "k199999",
    outcome: "not-applied",
  });
  expect(Error.stackTraceLimit).toBe(limit);
});

it("a refused call of a later tick has a stack trace again", async () => {
  const client = new Client("app", "flood", {
    driver: failing(new UnavailableError("busy", { outcome: "not-applied" })),
    codec: text,
  });
  const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(client.find("a"))));
  expect(errors.filter(hasStack)).toHaveLength(10);
  await settle();
  expect(hasStack(await rejection(client.find("a")))).toBe(true);
});

it("an error that is no refusal always has a stack trace", async () => {
  for (const failure of [new DriverError("odd"), new UnavailableError("gone"), new NotFoundError("none")]) {
    const client = new Client("app", "flood", { driver: failing(failure), codec: text });
    const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(client.find("a"))));
    expect(errors.every(hasStack)).toBe(true);
  }
});
