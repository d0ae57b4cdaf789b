import { execFileSync } from "node:child_process";

/** A server that tests start as a real process. */
interface Server {
  readonly command: string;
  /** The oldest major version that will do. */
  readonly major: number;
  /** Finds the major version in what `command --version` prints. */
  readonly version: RegExp;
  /** The package that has it, under Debian and Ubuntu. */
  readonly package: string;
}

const NEEDED: readonly Server[] = [
  { command: "redis-server", major: 7, version: /v=(\d+)/, package: "redis-server" },
  { command: "redis-cli", major: 7, version: /redis-cli (\d+)/, package: "redis-tools" },
  { command: "memcached", major: 1, version: /memcached (\d+)/, package: "memcached" },
];

/** Vitest's global setup: installs the servers that are missing, or says in one line what is. */
export function setup(): void {
  const missing = NEEDED.filter((server) => majorOf(server) === undefined);
  if (missing.length > 0) install(missing.map((server) => server.package));
  for (const server of NEEDED) {
    const major = majorOf(server);
    if (major !== undefined && major >= server.major) continue;
    const found = major === undefined ? "not installed" : `version ${major}`;
    throw new Error(`the tests need ${server.command} ${server.major} or later, and it is ${found}`);
  }
}

function majorOf({ command, version }: Server): number | undefined {
  try {
    const major = version.exec(execFileSync(command, ["--version"], { encoding: "utf8" }))?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

function install(packages: readonly string[]): void {
  // env is there on any system with apt-get, and gives the first word of the command either way.
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const aptGet = (...words: string[]): void => {
    execFileSync("env", [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...words], {
      stdio: "ignore",
    });
  };
  try {
    aptGet("update");
    aptGet("install", "-y", ...packages);
  } catch {
    throw new Error(
      `the tests need ${packages.join(" and ")}, and apt-get cannot install them here: install them first`,
    );
  }
}
