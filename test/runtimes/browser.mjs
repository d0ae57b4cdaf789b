/** The conformance suite over the memory driver, for a page of a browser: the result is a promise in `results`. */
import { MemoryDriver } from "namestore";
import { conformance } from "namestore/testing";
import { runSuite } from "./suite.mjs";

globalThis.results = runSuite(conformance, { name: "memory", open: () => new MemoryDriver() });
