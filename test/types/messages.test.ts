import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

/** Returns what the compiler says about a program. */
function messagesOf(lines: readonly string[]): string[] {
  const file = fileURLToPath(new URL("./program.ts", import.meta.url));
  const text = ['import { Client, text } from "../../src/index.js";', ...lines].join("\n");
  const config = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(config, ts.sys.readFile).config, ts.sys, ".");
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  return program
    .getSemanticDiagnostics(source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

it("the compiler says what is missing and what is allowed", () => {
  const [codec, options, set, expire, ...more] = messagesOf([
    'void new Client<string, string>("a", "b");',
    'void new Client<string, string>("a", "b", { ttl: 5 });',
    'const notes = new Client("a", "b", { codec: text });',
    'void notes.set("k", "v", { ttl: "5 minutes" });',
    'void notes.expire("k", "5 minutes");',
  ]);
  expect(codec).toContain("the option codec is required, unless the values are exactly Uint8Array");
  expect(options).toContain("Property 'codec' is missing");
  for (const message of [set, expire]) {
    for (const unit of ["ms", "s", "m", "h", "d", "w"]) expect(message).toContain(`\`\${number}${unit}\``);
  }
  expect(more).toEqual([]);
});
