import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Packs the package, and installs the tarball in an empty project outside the repository. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "namestore-packed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const [tarball] = JSON.parse(npm(ROOT, "pack", "--ignore-scripts", "--json", "--pack-destination", folder));
  npm(folder, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball.filename);
  const { size, unpackedSize } = tarball;
  return { folder, size, unpackedSize, files: tarball.files.map(({ path }: { path: string }) => path) };
}

export interface Packed {
  /** The project that has installed it. */
  readonly folder: string;
  /** The tarball's size in bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  /** The paths of its files. */
  readonly files: readonly string[];
}

function npm(cwd: string, ...argv: string[]): string {
  return execFileSync("npm", argv, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
