import { UnavailableError } from "../../errors.js";
import * as assert from "../assert.js";
import { reasonOf, rejects } from "../assertions.js";
import { named, operations } from "../operations.js";
import { type Texts, text } from "../scope.js";
import type { Suite } from "../suite.js";

/** Closed clients, and clients that close during a call. */
export function closing({ it }: Suite): void {
  for (const [operation, call] of Object.entries(operations)) {
    it(`${operation} of a closed client is an UnavailableError, not applied, and does nothing`, async ({
      client,
      texts,
    }) => {
      await client.set("key", "41");
      const other = texts();
      await other.close();
      const error = await rejects(() => call(other, "key"), UnavailableError, operation, named(operation, "key"));
      assert.equal(error.outcome, "not-applied");
      assert.deepEqual(await client.mGet(["key", "other"]), new Map([["key", "41"]]));
    });
  }

  it("a driver that was passed in stays open", async ({ client, texts }) => {
    const other = texts();
    await other.set("key", "value");
    await other.close();
    assert.equal(await client.get("key"), "value");
  });

  it("close lets calls under way settle", async ({ client, texts }) => {
    const other = texts();
    const write = other.set("key", "value");
    await other.close();
    await write;
    assert.equal(await client.get("key"), "value");
  });

  it("close can be called again, and await using calls it", async ({ texts }) => {
    const other = texts();
    await Promise.all([other.close(), other.close()]);
    await other[Symbol.asyncDispose]();
    await refuses(other);
  });

  it("closing a view or a sibling leaves the client open", async ({ texts }) => {
    const origin = texts();
    const view = origin.withCodec<string>(text);
    const sibling = origin.domain("sibling");
    await Promise.all([view.close(), sibling.close()]);
    await Promise.all([refuses(view), refuses(sibling)]);
    await origin.set("key", "value");
    assert.equal(await origin.get("key"), "value");
  });

  it("closing a client closes its views and siblings", async ({ texts }) => {
    const origin = texts();
    const sibling = origin.domain("sibling");
    const nested = sibling.domain("nested");
    await origin.close();
    await Promise.all([refuses(sibling), refuses(nested)]);
  });

  it(
    "close ends a scan with UnavailableError",
    async ({ client, texts }) => {
      await client.mSet({ a: "1", b: "2", c: "3" });
      const other = texts();
      const listing = (async () => {
        for await (const _ of other.scan()) await other.close();
      })();
      assert.ok((await reasonOf(listing)) instanceof UnavailableError);
      assert.equal((await client.keys()).length, 3);
    },
    "scan",
  );
}

async function refuses(client: Texts): Promise<void> {
  const error = await rejects(() => client.get("key"), UnavailableError, "get", "key");
  assert.equal(error.outcome, "not-applied");
}
