/** @jest-environment jsdom */
const { Client, json } = require("namestore");

test("the root works where there is a document", async () => {
  expect(typeof document).toBe("object");
  const users = new Client("app", "users", { codec: json() });
  await users.set("1", { name: "Zoë" });
  expect(await users.get("1")).toEqual({ name: "Zoë" });
  await users.close();
});
