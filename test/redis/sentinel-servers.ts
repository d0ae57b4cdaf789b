import { eventually } from "../support/waiting.js";
import { type Config, RedisServer } from "./servers.js";

/** A primary with a replica, and three Sentinels that watch them. */
export class RedisSentinels {
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];

  private constructor(servers: readonly [RedisServer, RedisServer], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  static async start(config: Config = {}): Promise<RedisSentinels> {
    const primary = await RedisServer.start({ "repl-diskless-sync-delay": 0, ...config });
    const replica = await RedisServer.start({
      "repl-diskless-sync-delay": 0,
      replicaof: `127.0.0.1 ${primary.port}`,
      ...config,
    });
    const sentinel = {
      "sentinel monitor": `${NAME} 127.0.0.1 ${primary.port} 2`,
      "sentinel down-after-milliseconds": `${NAME} ${DOWN_AFTER}`,
      "sentinel failover-timeout": `${NAME} 3000`,
    };
    const sentinels = await Promise.all([0, 1, 2].map(() => RedisServer.start(sentinel, ["--sentinel"])));
    // By default they ask every ten seconds.
    for (const one of sentinels) {
      await one.command("SENTINEL", "DEBUG", "info-period", "300", "publish-period", "200", "ask-period", "200");
    }
    const all = new RedisSentinels([primary, replica], sentinels);
    await all.settle();
    return all;
  }

  get addresses(): string[] {
    return this.sentinels.map((sentinel) => sentinel.address);
  }

  /** Waits until the Sentinels know each other and both servers, and one server replicates the other. */
  async settle(): Promise<void> {
    await eventually(
      "healthy Sentinels",
      async () => {
        const roles = await Promise.all(this.servers.map((server) => server.info("role")));
        const follower = this.servers[roles.indexOf("slave")];
        if (!roles.includes("master") || (await follower?.info("master_link_status")) !== "up") return false;
        for (const one of this.sentinels) {
          const line = (await one.info("master0")) ?? "";
          if (!line.includes("status=ok") || !line.includes("slaves=1") || !line.includes("sentinels=3")) return false;
          const leader = this.servers[roles.indexOf("master")] as RedisServer;
          if (!line.includes(`address=127.0.0.1:${leader.port},`)) return false;
        }
        return true;
      },
      // An election that fails is repeated only after a while.
      60_000,
    );
  }

  /** The server that the Sentinels consider the primary. */
  async primary(): Promise<RedisServer> {
    const sentinel = this.sentinels[0] as RedisServer;
    const [, port] = (await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)) as [string, string];
    return this.servers.find((server) => server.port === Number(port)) as RedisServer;
  }
}

/** The name of the primary. */
export const NAME = "main";

/** How long the primary may be silent before the Sentinels consider it down, in milliseconds. */
export const DOWN_AFTER = 1_000;
