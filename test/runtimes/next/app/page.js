"use client";
import { Client, text } from "namestore";
import { createElement } from "react";

const drafts = new Client("app", "drafts", { codec: text });

// biome-ignore lint/style/noDefaultExport: Next expects it
export default function Page() {
  return createElement("p", null, drafts.prefix);
}
