import { execFileSync } from "node:child_process";

/** Makes sure that these commands can be started: installs the missing ones, or throws an error that names them. */
export function needs(...commands: readonly Command[]): void {
  const missing = commands.filter((command) => majorOf(command) === undefined);
  if (missing.length > 0) install(missing.map((command) => COMMANDS[command].package));
  for (const command of commands) {
    const oldest = COMMANDS[command].major;
    const major = majorOf(command);
    if (major !== undefined && major >= oldest) continue;
    const found = major === undefined ? "is not installed" : `has version ${major}`;
    throw new Error(`the tests need ${command} ${oldest} or later, but it ${found}`);
  }
}

type Command = keyof typeof COMMANDS;

const COMMANDS = {
  "redis-server": { major: 7, version: /v=(\d+)/, package: "redis-server" },
  "redis-cli": { major: 7, version: /-cli (\d+)/, package: "redis-tools" },
  memcached: { major: 1, version: /memcached (\d+)/, package: "memcached" },
} as const satisfies Record<string, CommandNeeded>;

interface CommandNeeded {
  /** The oldest major version that will do. */
  readonly major: number;
  /** Finds the major version in what `<command> --version` prints. */
  readonly version: RegExp;
  /** The package that has it on Debian and Ubuntu. */
  readonly package: string;
}

/** The major version of an installed command, or `undefined`. */
function majorOf(command: Command): number | undefined {
  try {
    const printed = execFileSync(command, ["--version"], { encoding: "utf8" });
    const major = COMMANDS[command].version.exec(printed)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

function install(packages: readonly string[]): void {
  // Wherever there is apt-get, there is env, which lets the same call start with sudo or without it.
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const aptGet = (...words: string[]): void => {
    const command = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...words];
    execFileSync("env", command, { stdio: "ignore" });
  };
  try {
    aptGet("update");
    aptGet("install", "-y", ...packages);
  } catch {
    throw new Error(`the tests need ${packages.join(" and ")}; install them first: apt-get cannot do it here`);
  }
}
