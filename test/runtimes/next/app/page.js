"use client";
import { Client, text } from "namestore";

const drafts = new Client("app", "drafts", { codec: text });

// biome-ignore lint/style/noDefaultExport: Next expects it
export default function Page() {
  return <p>{drafts.prefix}</p>;
}
