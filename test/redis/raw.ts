import type { Command } from "../../src/redis/commands/command.js";
import type { Argument, Reply } from "../../src/redis/commands/replies.js";

/** A command of any arguments, which resolves to its reply unchanged. No other call shares it. */
export const RAW: Command<Argument[], Reply> = {
  batchable: false,
  encode: (_keys, [command]) => command ?? [],
  parseReply: (reply) => reply,
};
