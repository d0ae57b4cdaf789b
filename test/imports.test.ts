import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** An import or a re-export of a file of the source. */
interface Import {
  /** The file that imports, such as `client/client.ts`. */
  readonly file: string;
  /** A file of the source, a package, or a module of Node. */
  readonly target: string;
  /** Whether the compiler removes it. */
  readonly typeOnly: boolean;
}

const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".ts"))
  .sort();
const SOURCES = new Map(FILES.map((file) => [file, parse(file)]));
const IMPORTS = FILES.flatMap(importsOf);

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(SRC, file), "utf8"), ts.ScriptTarget.Latest, true);
}

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const target = text.startsWith(".")
      ? relative(SRC, join(SRC, dirname(file), text))
          .split(sep)
          .join("/")
          .replace(/\.js$/, ".ts")
      : text;
    found.push({ file, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const dynamic = expression.kind === ts.SyntaxKind.ImportKeyword;
      const required = ts.isIdentifier(expression) && expression.text === "require";
      if (dynamic || required) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(SOURCES.get(file) as ts.SourceFile);
  return found;
}

/** The part of the source that a file belongs to: its folder, or its own name without the ending. */
function partOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] as string) : file.replace(/\.ts$/, "");
}

/** The layers from the bottom to the top. A folder may be named here before it exists. */
const BASE = ["errors", "duration", "glob"];
const CONTRACT = ["driver"];
const DRIVERS = ["memory", "redis", "memcached", "sql", "sqlite", "postgres"];

/** What each part of the source may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  internal: ["errors"],
  errors: ["internal"],
  duration: ["internal", "errors"],
  glob: ["internal", "errors"],
  net: ["internal", "errors", "duration"],
  codec: [...BASE, "internal"],
  driver: [...BASE, "internal"],
  memory: [...BASE, "internal", ...CONTRACT],
  redis: [...BASE, "internal", "net", ...CONTRACT],
  memcached: [...BASE, "internal", "net", ...CONTRACT],
  sql: [...BASE, "internal", ...CONTRACT],
  sqlite: [...BASE, "internal", "sql", ...CONTRACT],
  postgres: [...BASE, "internal", "net", "sql", ...CONTRACT],
  observe: [...BASE, "internal", ...CONTRACT],
  near: [...BASE, "internal", ...CONTRACT, "observe"],
  client: [...BASE, "internal", "codec", ...CONTRACT, "memory", "observe"],
  testing: [...BASE, ...CONTRACT, "memory", "client"],
  adapters: [...BASE, "internal", "codec", ...CONTRACT, "client"],
  cli: [...BASE, "internal", "codec", ...CONTRACT, "client", ...DRIVERS],
  index: [...BASE, "codec", ...CONTRACT, "memory", "client", "observe"],
};

/** The files that each package of another maker may be imported by. */
const MAY_IMPORT_PACKAGE: Readonly<Record<string, (found: Import) => boolean>> = {
  "@standard-schema/spec": ({ file, typeOnly }) => partOf(file) === "codec" && typeOnly,
  redis: ({ file }) => partOf(file) === "redis",
  ioredis: ({ file, typeOnly }) => partOf(file) === "redis" && typeOnly,
  "@opentelemetry/api": ({ file }) => file.startsWith("observe/opentelemetry/"),
};

const isOurs = ({ target }: Import): boolean => FILES.includes(target);
const isOfNode = ({ target }: Import): boolean => target.startsWith("node:");
const packageOf = ({ target }: Import): string =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
const shown = ({ file, target }: Import): string => `${file} imports ${target}`;

describe("the imports of the source", () => {
  it("are found", () => {
    expect(FILES).toContain("client/client.ts");
    expect(IMPORTS.map(shown)).toContain("client/client.ts imports codec/bytes.ts");
    expect(IMPORTS.map(shown)).toContain("codec/json.ts imports @standard-schema/spec");
  });

  it("lead to files of the source, to Node or to a package", () => {
    const lost = IMPORTS.filter((found) => found.target.endsWith(".ts") && !isOurs(found));
    expect(lost.map(shown)).toEqual([]);
  });

  it("lead from a part only to the parts below it", () => {
    const wrong = IMPORTS.filter(isOurs).filter(({ file, target }) => {
      const [from, to] = [partOf(file), partOf(target)];
      return from !== to && MAY_IMPORT[from]?.includes(to) !== true;
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it("never lead from a driver to another driver, the client or a codec", () => {
    const wrong = IMPORTS.filter(isOurs).filter(({ file, target }) => {
      const [from, to] = [partOf(file), partOf(target)];
      if (!DRIVERS.includes(from) || from === to) return false;
      if (to === "sql") return !["sqlite", "postgres"].includes(from);
      return [...DRIVERS, "client", "codec"].includes(to);
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it("never form a circle, apart from types", () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const follow = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      if (done.has(file) || path.includes(file)) return;
      for (const found of IMPORTS)
        if (found.file === file && isOurs(found) && !found.typeOnly) follow(found.target, [...path, file]);
      done.add(file);
    };
    for (const file of FILES) follow(file, []);
    expect(circles.join("\n")).toBe("");
  });

  it("take a package only in the folder that is about it", () => {
    const packages = IMPORTS.filter((found) => !isOurs(found) && !isOfNode(found));
    const wrong = packages.filter((found) => MAY_IMPORT_PACKAGE[packageOf(found)]?.(found) !== true);
    expect(wrong.map(shown)).toEqual([]);
  });

  it("never lead from the root entry to a module of Node", () => {
    const reached = new Set<string>();
    const follow = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const found of IMPORTS) if (found.file === file && isOurs(found) && !found.typeOnly) follow(found.target);
    };
    follow("index.ts");
    expect([...reached]).toContain("memory/memory-driver.ts");
    const wrong = IMPORTS.filter(({ file, target }) => {
      return reached.has(file) && (target.startsWith("node:") || builtinModules.includes(target));
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it("take nothing from a test runner or from the tests", () => {
    const wrong = IMPORTS.filter(({ target }) => /^(vitest|@vitest|jest|@jest|mocha|node:test|\.\.)/.test(target));
    expect(wrong.map(shown)).toEqual([]);
  });

  it("name the modules of Node with node:", () => {
    const bare = IMPORTS.filter(({ target }) => builtinModules.includes(target));
    expect(bare.map(shown)).toEqual([]);
  });
});

describe("the source", () => {
  it("has a rule for each of its parts", () => {
    expect([...new Set(FILES.map(partOf))].filter((part) => MAY_IMPORT[part] === undefined)).toEqual([]);
  });

  it("has no default exports, and exports by name", () => {
    const wrong: string[] = [];
    for (const [file, source] of SOURCES) {
      for (const statement of source.statements) {
        const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
        const isDefault = modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
        if (ts.isExportAssignment(statement) || isDefault) wrong.push(`${file}: a default export`);
        if (!ts.isExportDeclaration(statement)) continue;
        if (statement.exportClause === undefined) wrong.push(`${file}: export *`);
        else if (statement.exportClause.getText().includes("default")) wrong.push(`${file}: a default export`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("contains the separator of namespaces in one file only", () => {
    const wrong: string[] = [];
    for (const [file, source] of SOURCES) {
      const visit = (node: ts.Node): void => {
        if (ts.isStringLiteralLike(node) && node.text === ":" && file !== "driver/key.ts") wrong.push(file);
        ts.forEachChild(node, visit);
      };
      if (partOf(file) !== "testing") visit(source);
    }
    expect(wrong).toEqual([]);
  });
});
