import { check, measure } from "./harness.mjs";
import { operations } from "./operations.mjs";
import { subjects } from "./subjects/index.mjs";

export async function calls(options) {
  const effort = options.quick ? { rounds: 7, warmUp: 5, batch: 5 } : { rounds: 15, warmUp: 6, batch: 10 };
  const chosen = operations.filter(
    ({ title }) => options.ops.length === 0 || options.ops.some((o) => title.includes(o)),
  );
  for (const op of chosen) {
    const who = [
      op.limit,
      ...subjects.filter((s) => s.calls[op.call] && (!options.subjects.length || options.subjects.includes(s.name))),
    ];
    for (const s of who) await check(op, s);
    const costs = await measure(op, who, effort);
    const limit = costs.get(op.limit);
    console.log(
      op.title.padEnd(44),
      `${limit.toFixed(0)} ns`.padStart(8),
      ...[...costs].slice(1).map(([s, ns]) => `${s.name} ${(ns / limit).toFixed(2)}`),
    );
  }
}
