import type { Command } from "../../src/redis/commands/command.js";
import type { Argument, Reply } from "../../src/redis/commands/replies.js";

/** Any command, alone, which resolves to its reply as it is. */
export const RAW: Command<Argument[], Reply> = {
  batchable: false,
  encode: ([call]) => call?.payload ?? [],
  parseReply: (reply) => reply,
};
