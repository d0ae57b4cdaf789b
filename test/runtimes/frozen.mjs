/** A call to a frozen server ends within its timeout: node frozen.mjs redis|memcached <where> <process id>. */
import process from "node:process";
import { Client, text } from "namestore";
import { MemcachedDriver } from "namestore/memcached";
import { RedisDriver } from "namestore/redis";

const [kind, where, pid] = process.argv.slice(2);
const timeout = "500ms";
const driver =
  kind === "redis"
    ? await RedisDriver.connect({ url: where, timeout })
    : await MemcachedDriver.connect({ servers: where, timeout });
const client = new Client("app", "frozen", { driver, codec: text });
await client.set("key", "value");
process.kill(Number(pid), "SIGSTOP");
// Its threads stop a moment later.
await new Promise((resolve) => setTimeout(resolve, 50));
const began = Date.now();
const ended = await client.find("key").then(
  () => "answered",
  ({ code }) => code,
);
const passed = Date.now() - began;
process.kill(Number(pid), "SIGCONT");
let back;
for (let attempt = 0; attempt < 100 && back !== "value"; attempt++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  back = await client.find("key").catch(() => undefined);
}
driver.close();
console.log(`${kind}: ${ended} after ${passed} ms; afterwards: ${back}`);
process.exit(ended === "ERR_TIMEOUT" && passed < 3_000 && back === "value" ? 0 : 1);
