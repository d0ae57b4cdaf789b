/** The conformance suite over the memory driver, for a Worker: it runs within a request. */
import { Client, MemoryDriver, text } from "namestore";
import { conformance } from "namestore/testing";
import { runSuite } from "./suite.mjs";

/** Like most users' clients, it is made while the module loads. */
const visits = new Client("app", "visits", { codec: text });

const handler = {
  async fetch() {
    await visits.incr("/");
    return Response.json(await runSuite(conformance, { name: "memory", open: () => new MemoryDriver() }));
  },
};
// biome-ignore lint/style/noDefaultExport: a Worker has one
export default handler;
