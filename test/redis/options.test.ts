import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { type RedisOptions, redisSettingsOf } from "../../src/redis/options.js";
import { everythingIn } from "../support/leaks.js";

const PASSWORD = "hunter2-sesame";

describe("the settings of a driver", () => {
  it("default to a server on this machine", () => {
    expect(redisSettingsOf({})).toMatchObject({
      timeout: 5_000,
      maxPending: 50_000,
      login: { username: undefined, password: undefined, database: 0, tls: false },
      server: { host: "localhost", port: 6379 },
      cluster: undefined,
      sentinel: undefined,
    });
  });

  it.each([
    ["redis://example.com", { host: "example.com", port: 6379 }, {}],
    ["redis://example.com:7000", { host: "example.com", port: 7000 }, {}],
    ["example.com:7000", { host: "example.com", port: 7000 }, {}],
    ["redis://127.0.0.1/", { host: "127.0.0.1", port: 6379 }, { database: 0 }],
    ["redis://[::1]:7000/5", { host: "::1", port: 7000 }, { database: 5 }],
    ["[::1]:7000", { host: "::1", port: 7000 }, {}],
    ["rediss://example.com", { host: "example.com", port: 6379 }, { tls: true }],
    [
      "redis://alice:secret@example.com/3",
      { host: "example.com" },
      { username: "alice", password: "secret", database: 3 },
    ],
    ["redis://:secret@example.com", { host: "example.com" }, { username: undefined, password: "secret" }],
    ["redis://a%40b:p%3A%2F%25@example.com", { host: "example.com" }, { username: "a@b", password: "p:/%" }],
  ])("are read from the URL %s", (url, server, login) => {
    for (const settings of [redisSettingsOf(url), redisSettingsOf({ url })]) {
      expect(settings.server).toMatchObject(server);
      expect(settings.login).toMatchObject(login);
    }
  });

  it("are taken from the options rather than from the URL", () => {
    const url = "rediss://alice:secret@example.com/3";
    const login = { username: "bob", password: "other", database: 4, tls: false };
    expect(redisSettingsOf({ url, ...login }).login).toEqual(login);
    expect(redisSettingsOf({ url, tls: { servername: "inner" } }).login.tls).toEqual({ servername: "inner" });
    expect(redisSettingsOf({ url, username: undefined }).login.username).toBe("alice");
  });

  it("of a Cluster are read from the URL of its first node", () => {
    const { cluster, login } = redisSettingsOf({ cluster: ["rediss://alice:secret@a:1", "b", "[::1]:3"] });
    expect(cluster).toMatchObject([
      { host: "a", port: 1 },
      { host: "b", port: 6379 },
      { host: "::1", port: 3 },
    ]);
    expect(login).toEqual({ username: "alice", password: "secret", database: 0, tls: true });
  });

  it("of Sentinels have a login of their own", () => {
    const { sentinel, login } = redisSettingsOf({
      sentinel: { name: "main", nodes: ["a", "b:2"], username: "watcher", password: "theirs" },
      username: "alice",
      password: "ours",
      database: 2,
      tls: true,
    });
    expect(sentinel).toMatchObject({
      name: "main",
      nodes: [
        { host: "a", port: 26_379 },
        { host: "b", port: 2 },
      ],
      login: { username: "watcher", password: "theirs", database: 0, tls: true },
    });
    expect(login).toEqual({ username: "alice", password: "ours", database: 2, tls: true });
  });

  it("take any duration as the timeout", () => {
    expect(redisSettingsOf({ timeout: "2s" }).timeout).toBe(2_000);
  });
});

describe("a driver", () => {
  const at = (host: string): string => `redis://alice:${PASSWORD}@${host}`;

  it.each<[string, unknown, string]>([
    ["undefined", undefined, "options"],
    ["null", null, "options"],
    ["a number", 6379, "options"],
    ["an empty URL", "", "url"],
    ["a URL of another protocol", at("host").replace("redis:", "http:"), "url"],
    ["a URL without a host", "redis://", "url"],
    ["a URL whose host is a port", at(":6379"), "url"],
    ["a URL with a bad port", at("host:99999"), "url"],
    ["a URL with a bad escape", `redis://alice:${PASSWORD}%zz@host`, "url"],
    ["a URL with a database that is not a number", at(`host/${PASSWORD}`), "url"],
    ["a URL with a negative database", at("host/-1"), "url"],
    ["a URL with half a database", at("host/1.5"), "database"],
    ["a URL with a database in hexadecimal", at("host/0x1"), "url"],
    ["a URL with more than a database", at("host/1/2"), "url"],
    ["a URL that is not a string", { url: 6379 }, "url"],
    ["a URL object of another kind", { url: { password: PASSWORD } }, "url"],
    ["a misspelt option", { url: at("host"), pasword: PASSWORD }, '"pasword"'],
    ["a misspelt option of Sentinels", { sentinel: { name: "main", nodes: ["a"], pasword: PASSWORD } }, '"pasword"'],
    ["a database that is a string", { database: "1" }, "database"],
    ["a negative database", { database: -1 }, "database"],
    ["half a database", { database: 0.5 }, "database"],
    ["a URL and a Cluster", { url: at("host"), cluster: [at("host")] }, "more than one"],
    ["a URL and Sentinels", { url: at("host"), sentinel: { name: "main", nodes: ["a"] } }, "more than one"],
    ["a Cluster and Sentinels", { cluster: ["a"], sentinel: { name: "main", nodes: ["a"] } }, "more than one"],
    ["an empty Cluster", { cluster: [] }, "cluster"],
    ["a Cluster that is a URL", { cluster: at("host") }, "cluster"],
    ["a Cluster that is a number", { cluster: 5 }, "cluster"],
    ["a Cluster with a bad node", { cluster: ["a", at(":x")] }, "cluster"],
    ["a Cluster with a node that is not a string", { cluster: ["a", 5] }, "cluster"],
    ["a Cluster with a database", { cluster: ["a"], database: 1 }, "database"],
    ["a Cluster with a database in its URL", { cluster: ["redis://a/1"] }, "database"],
    ["a Cluster whose later node has another password", { cluster: ["a", at("b")] }, "differ"],
    ["a Cluster of which one node wants TLS", { cluster: ["a", "rediss://b"] }, "differ"],
    ["no Sentinels", { sentinel: { name: "main", nodes: [] } }, "sentinel"],
    ["Sentinels that are a URL", { sentinel: { name: "main", nodes: at("host") } }, "sentinel"],
    ["a bad Sentinel", { sentinel: { name: "main", nodes: [at(":x")] } }, "sentinel"],
    ["Sentinels without a name", { sentinel: { nodes: ["a"] } }, "sentinel"],
    ["Sentinels with an empty name", { sentinel: { name: "", nodes: ["a"] } }, "sentinel"],
    ["Sentinels that are a string", { sentinel: at("host") }, "sentinel"],
    ["a Sentinel with a password in its URL", { sentinel: { name: "main", nodes: [at("a")] } }, "sentinel.nodes"],
    ["a Sentinel with TLS in its URL", { sentinel: { name: "main", nodes: ["rediss://a"] } }, "sentinel.nodes"],
    ["a Sentinel with a database", { sentinel: { name: "main", nodes: ["a/1"] } }, "sentinel.nodes"],
    ["Sentinels that are null", { sentinel: null }, "sentinel"],
    ["a user name without a password", "redis://alice@host", "username"],
    ["a URL with port 0", at("host:0"), "port is 0"],
    ["a URL with a query", at("host?a=1"), "query"],
    ["a URL with a fragment", at("host#a"), "fragment"],
    ["a lazy that is not a boolean", { lazy: "yes" }, "lazy"],
    ["a negative failFastAfter", { failFastAfter: -1 }, "failFastAfter"],
    ["an empty user name", { username: "", password: PASSWORD }, "username"],
    ["an empty password", { password: "" }, "password"],
    ["a user name that is not a string", { username: 5 }, "username"],
    ["a password that is not a string", { password: { secret: PASSWORD } }, "password"],
    [
      "a Sentinels' password that is not a string",
      { sentinel: { name: "main", nodes: ["a"], password: 5 } },
      "password",
    ],
  ])("refuses %s by name, and shows no password", (_, options, named) => {
    let thrown: unknown;
    try {
      redisSettingsOf(options as RedisOptions);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidArgumentError);
    expect((thrown as Error).message).toContain(named);
    expect((thrown as Error).message).not.toBe("");
    expect(everythingIn(thrown)).not.toContain(PASSWORD);
  });
});
