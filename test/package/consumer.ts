import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, "../..");

/** A project outside the repository that has installed the packed tarball, as users do. */
export class Consumer {
  readonly #folder = mkdtempSync(join(tmpdir(), "namestore-consumer-"));

  /** @param linked - further packages that it uses, linked from this repository. */
  constructor(...linked: string[]) {
    cpSync(inject("packed").folder, this.#folder, { recursive: true });
    for (const name of ["@types/node", ...linked]) this.#link(name);
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.#folder, path), text);
  }

  /** The path of a file of the installed package. */
  place(path: string): string {
    return join(this.#folder, "node_modules/namestore", path);
  }

  /** The content of a file of the installed package. */
  installed(path: string): string {
    return readFileSync(this.place(path), "utf8");
  }

  /** Runs Node and returns what it printed. */
  async node(...argv: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, argv, { cwd: this.#folder });
    return stdout.trim();
  }

  /** Writes a file of code, runs it, and returns what it printed. */
  async run(path: string, code: string): Promise<string> {
    this.write(path, code);
    return await this.node(path);
  }

  /**
   * Runs a compiler of this repository, such as `"typescript-7"`, and returns its complaints.
   *
   * @param options - the options besides the usual ones, or several sets of options to compile with in turn.
   */
  async compile(compiler: string, options: object | readonly object[], files: readonly string[]): Promise<string> {
    const folder = join(ROOT, "node_modules", compiler);
    const projects = [options].flat().map((each) => this.#project(each, files));
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    // From version 7 on, the compiler has no API in JavaScript, and is fast.
    const commands =
      Number.parseInt(version, 10) < 7
        ? [[join(import.meta.dirname, "compile.mjs"), folder, ...projects]]
        : projects.map((project) => [join(folder, "bin/tsc"), "-p", project]);
    let complaints = "";
    for (const command of commands) {
      try {
        complaints += await this.node(...command);
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        complaints += stdout + stderr || String(error);
      }
    }
    return complaints;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #projects = 0;

  /** Writes a tsconfig.json of its own for each compilation. */
  #project(options: object, files: readonly string[]): string {
    const path = `tsconfig.${++this.#projects}.json`;
    const usual = { strict: true, target: "ES2022", module: "NodeNext", types: ["node"], skipLibCheck: false };
    this.write(path, JSON.stringify({ compilerOptions: { ...usual, ...options }, files }));
    return path;
  }

  #link(name: string): void {
    const at = join(this.#folder, "node_modules", name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), at, "junction");
  }
}
