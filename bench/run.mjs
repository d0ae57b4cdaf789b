import { parseArgs } from "node:util";
import { calls } from "./calls.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean" },
    ops: { type: "string" },
    subjects: { type: "string" },
  },
});
await calls({ quick: values.quick, ops: values.ops?.split(",") ?? [], subjects: values.subjects?.split(",") ?? [] });
