import { createElement } from "react";

// biome-ignore lint/style/noDefaultExport: Next expects it
export default function Layout({ children }) {
  return createElement("html", { lang: "en" }, createElement("body", null, children));
}
