const { Client, text } = require("namestore");
const { RedisDriver } = require("namestore/redis");

test("connect finds the package redis, without flags of Node", async () => {
  const driver = await RedisDriver.connect(process.env.REDIS_URL);
  const users = new Client("app", "jest", { driver, codec: text });
  await users.set("1", "Alice");
  expect(await users.get("1")).toBe("Alice");
  await users.close();
  driver.close();
});
