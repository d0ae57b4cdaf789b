/** What somebody has who uses ioredis and has not installed redis: a bundler has to accept it. */
import { Redis } from "ioredis";
import { Client, text } from "namestore";
import { RedisDriver } from "namestore/redis";

const connection = new Redis({ lazyConnect: true, autoResendUnfulfilledCommands: false });
const users = new Client("app", "users", { driver: new RedisDriver(connection), codec: text });
const reason = await RedisDriver.connect("redis://localhost:1").catch((error) => error);
console.log(users.prefix, reason.code, reason.message);
connection.disconnect();
