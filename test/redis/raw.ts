import type { Argument, Reply } from "../../src/redis/protocol.js";
import type { Kind } from "../../src/redis/run.js";

/** Any command, alone, answered with its reply as it is. */
export const RAW: Kind<Argument[], Reply> = {
  joins: false,
  command: ([call]) => call?.payload ?? [],
  answer: (reply) => reply,
};
