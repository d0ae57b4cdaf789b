import { Client, json } from "namestore";

export const runtime = "edge";

const pages = new Client("app", "pages", { codec: json() });

export async function GET() {
  return Response.json(await pages.getOrSet("home", () => ({ title: "Home" })));
}
