// npm run quickstart: the first steps with namestore, on the memory driver.
import { Client, MemoryDriver, text } from "namestore";

const driver = new MemoryDriver(); // one store, two namespaces
const users = new Client("app", "users", { driver, codec: text });
const views = new Client("app", "views", { driver, codec: text });

console.log(`A client owns one namespace: its keys are stored under ${users.prefix}…`);

await users.set("1001", "Alice", { ttl: "1h" });
console.log("set 1001 to Alice for an hour");
console.log("get 1001       ->", await users.get("1001"));
console.log("ttl 1001       ->", Math.round((await users.ttl("1001")) / 60_000), "minutes");
console.log("find 9999      ->", await users.find("9999"));

console.log("\nCounters are atomic: three concurrent page views");
await Promise.all([views.incr("/home"), views.incr("/home"), views.incr("/home")]);
console.log("get /home      ->", await views.get("/home"));

console.log("\nBatches: one call stores two users, one call reads three keys");
await users.mSet({ 1002: "Bob", 1003: "Carol" });
console.log("mGet           ->", await users.mGet(["1001", "1002", "9999"]));

console.log("\nCompare and swap: two writers have read Bob, and one of them wins");
console.log("Bob -> Robert  ->", await users.compareAndSwap("1002", "Bob", "Robert"));
console.log("Bob -> Bobby   ->", await users.compareAndSwap("1002", "Bob", "Bobby"));

console.log("\nKeys by pattern, in this namespace only");
console.log("keys 100[12]   ->", await users.keys("100[12]"));
console.log("keys           ->", await users.keys());

await users.clear();
console.log("\nusers cleared  ->", await users.keys(), "while views still has", await views.keys());
