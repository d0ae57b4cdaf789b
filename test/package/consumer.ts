import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, "../..");

/** What `npm pack` says of the tarball. */
export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** A project outside the repository that has installed the packed tarball, as a user would. */
export class Consumer {
  readonly packed: Packed;
  readonly #folder = mkdtempSync(join(tmpdir(), "namestore-consumer-"));

  /** @param linked - further packages that it uses, taken from this repository's. */
  constructor(...linked: string[]) {
    this.write("package.json", JSON.stringify({ private: true, type: "module" }));
    const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", this.#folder];
    this.packed = JSON.parse(npm(ROOT, ...pack))[0];
    npm(this.#folder, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", this.packed.filename);
    for (const name of ["@types/node", ...linked]) this.#link(name);
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.#folder, path), text);
  }

  /** Where a file of the installed package is. */
  place(path: string): string {
    return join(this.#folder, "node_modules/namestore", path);
  }

  /** The text of a file of the installed package. */
  installed(path: string): string {
    return readFileSync(this.place(path), "utf8");
  }

  /** Runs Node and gives what it printed. */
  async node(...argv: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, argv, { cwd: this.#folder });
    return stdout.trim();
  }

  /** Runs a compiler of this repository, such as `"typescript-7"`, and gives its complaints. */
  async compile(compiler: string, options: object, files: readonly string[]): Promise<string> {
    const project = `tsconfig.${compiler}.json`;
    const usual = { strict: true, target: "ES2022", module: "NodeNext", types: ["node"], skipLibCheck: false };
    this.write(project, JSON.stringify({ compilerOptions: { ...usual, ...options }, files }));
    try {
      return await this.node(join(ROOT, "node_modules", compiler, "bin/tsc"), "-p", project);
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #link(name: string): void {
    const at = join(this.#folder, "node_modules", name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), at, "junction");
  }
}

function npm(cwd: string, ...argv: string[]): string {
  return execFileSync("npm", argv, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
