import { type Config, RedisServer } from "./servers.js";
import { eventually } from "./waiting.js";

/** The name of the primary. */
export const NAME = "main";

/** How long the primary may be silent until the Sentinels take it for down, in milliseconds. */
export const DOWN_AFTER = 1_000;

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
    await eventually("Sentinels that know each other and the replica", async () => {
      if ((await replica.info("master_link_status")) !== "up") return false;
      for (const one of sentinels) {
        const line = (await one.info("master0")) ?? "";
        if (!line.includes("status=ok") || !line.includes("slaves=1") || !line.includes("sentinels=3")) return false;
      }
      return true;
    });
    return new RedisSentinels([primary, replica], sentinels);
  }

  get addresses(): string[] {
    return this.sentinels.map((sentinel) => sentinel.address);
  }

  /** The server that the Sentinels have for the primary now. */
  async primary(): Promise<RedisServer> {
    const sentinel = this.sentinels[0] as RedisServer;
    const [, port] = (await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)) as [string, string];
    return this.servers.find((server) => server.port === Number(port)) as RedisServer;
  }
}
