import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { millis, seconds, unwrap } from "@tandem/base";
import { describe, expect, test } from "vitest";
import { readQueueWatch } from "../bridge/core/broadcast-queue.js";
import { readServiceWatch } from "../bridge/core/service-watch.js";
import type { ConsulSessions } from "../consul/consul-api.js";
import type { WatchSpec } from "../consul-double/watch-poster.js";

/** An agent that the contract is checked against, with the little that its client cannot do. */
export interface ContractAgent extends AsyncDisposable {
  readonly client: ConsulSessions;
  /** Sends a request as the client does not. */
  put(path: string, body: unknown): Promise<void>;
}

/** What hax takes for granted of Consul, whoever answers. Keys of each test are its own. */
export function consulContract(name: string, start: (watches: readonly WatchSpec[]) => Promise<ContractAgent>): void {
  const contract = (behaviour: string, check: (agent: ContractAgent) => Promise<void>): void =>
    test(`${behaviour} (${name})`, { timeout: 60_000 }, async () => {
      await using agent = await start([]);
      await check(agent);
    });

  describe("Consul's contract", () => {
    contract("an absent key is no failure, and its read carries an index to wait with", async ({ client }) => {
      const { value, index } = unwrap(await client.get("absent"));
      expect(value).toBeUndefined();
      expect(index).toBeGreaterThanOrEqual(1);
    });

    contract(
      "a value comes back as it was put, empty and beyond ASCII, slashes and spaces in the key",
      async (agent) => {
        const { client } = agent;
        for (const text of ["", "ä → ü", '{"state": "online"}']) {
          expect(unwrap(await client.put("a b/c?d", text))).toBe(true);
          expect(unwrap(await client.get("a b/c?d")).value).toMatchObject({ key: "a b/c?d", text });
        }
      },
    );

    contract("a prefix lists its keys in text order, so bq/10 comes before bq/9", async ({ client }) => {
      for (const n of [9, 10, 11]) unwrap(await client.put(`bq/${n}`, String(n)));
      unwrap(await client.put("bqx", "no"));
      expect(unwrap(await client.list("bq/")).value.map(({ key }) => key)).toEqual(["bq/10", "bq/11", "bq/9"]);
      expect(unwrap(await client.delete("bq/", { recurse: true }))).toBe(true);
      expect(unwrap(await client.list("bq/")).value).toEqual([]);
    });

    contract("cas writes only over the index it names, and 0 only where nothing is", async ({ client }) => {
      expect(unwrap(await client.put("k", "1", { cas: 0 }))).toBe(true);
      expect(unwrap(await client.put("k", "2", { cas: 0 }))).toBe(false);
      const at = unwrap(await client.get("k")).value?.modifyIndex as number;
      expect(unwrap(await client.put("k", "2", { cas: at + 1000 }))).toBe(false);
      expect(unwrap(await client.put("k", "2", { cas: at }))).toBe(true);
      expect(unwrap(await client.delete("k", { cas: at }))).toBe(false);
      expect(unwrap(await client.get("k")).value?.text).toBe("2");
    });

    contract("a transaction is all or nothing: one stale index undoes every write", async ({ client }) => {
      unwrap(await client.put("epoch", "1"));
      const at = unwrap(await client.get("epoch")).value?.modifyIndex as number;
      const publish = (index: number) =>
        client.txn([
          { verb: "set", key: "q/2", value: "item" },
          { verb: "cas", key: "epoch", value: "2", index },
        ]);
      expect(unwrap(await publish(at + 1000))).toBe("conflict");
      expect(unwrap(await client.get("q/2")).value).toBeUndefined();
      expect(unwrap(await publish(at))).toBe("done");
      expect(unwrap(await client.get("epoch")).value?.text).toBe("2");
      expect(unwrap(await client.txn([{ verb: "delete-tree", key: "q/" }]))).toBe("done");
      expect(unwrap(await client.list("q/")).value).toEqual([]);
    });

    contract(
      "a transaction takes cas 0 where nothing is, deletes exactly its key, and an absent one too",
      async (agent) => {
        const { client } = agent;
        const create = [{ verb: "cas", key: "new", value: "1", index: 0 }] as const;
        expect(unwrap(await client.txn(create))).toBe("done");
        expect(unwrap(await client.txn(create))).toBe("conflict");
        for (const n of [1, 10]) unwrap(await client.put(`d/${n}`, "x"));
        const gone = ["d/1", "d/absent"].map((key) => ({ verb: "delete" as const, key }));
        expect(unwrap(await client.txn(gone))).toBe("done");
        expect(unwrap(await client.list("d/")).value.map(({ key }) => key)).toEqual(["d/10"]);
        await agent.put("/v1/txn", [{ KV: { Verb: "set", Key: "many", Value: "" } }]);
        const many = Array.from({ length: 129 }, () => ({ KV: { Verb: "set", Key: "many", Value: "" } }));
        await expect(agent.put("/v1/txn", many)).rejects.toThrow(/413/);
      },
    );

    contract("what is not there has no instances, no checks and no session, and can be waited for", async (agent) => {
      const { client } = agent;
      const none = unwrap(await client.serviceHealth("moon"));
      expect([none.value, unwrap(await client.catalogService("moon")).value]).toEqual([[], []]);
      expect(none.index).toBeGreaterThanOrEqual(1);
      expect(unwrap(await client.nodeChecks("moon")).value).toEqual([]);
      expect(unwrap(await client.sessionNode("00000000-0000-4000-8000-000000000000")).value).toBeUndefined();
      const waiting = client.catalogService("moon", { index: none.index, waitMs: seconds(30) });
      await agent.put("/v1/agent/service/register", { ID: "1", Name: "moon", Port: 1 });
      expect(unwrap(await waiting).value).toHaveLength(1);
      expect(unwrap(await client.serviceHealth("moon")).value[0]?.checks.map(({ checkId }) => checkId)).toEqual([
        "serfHealth",
      ]);
    });

    contract("a session of an unknown check, or of one that is critical, is refused with 500", async ({ client }) => {
      const node = unwrap(await client.agentNode());
      const ask = (checks: readonly string[]) =>
        client.createSession({ name: "t", node, checks, lockDelay: seconds(1) });
      expect(await ask(["serfHealth", "moon"])).toMatchObject({ error: { kind: "status", status: 500 } });
    });

    contract("after a session's check failed, its lock is free once the lock delay is over", async (agent) => {
      const { client } = agent;
      const node = await registerConfd(agent);
      const request = { name: "t", node, lockDelay: seconds(1) };
      const [lost, next] = [
        unwrap(await client.createSession({ ...request, checks: ["service:9"] })),
        unwrap(await client.createSession({ ...request, checks: ["serfHealth"] })),
      ];
      expect(unwrap(await client.put("lock", "a", { acquire: lost }))).toBe(true);
      const { index } = unwrap(await client.get("lock"));
      const news = client.get("lock", { index, waitMs: seconds(30) });
      await agent.put("/v1/agent/check/fail/service:9", undefined);
      unwrap(await news);
      expect(unwrap(await client.put("lock", "b", { acquire: next }))).toBe(false);
      while (!unwrap(await client.put("lock", "b", { acquire: next })));
      expect(unwrap(await client.get("lock")).value).toMatchObject({ text: "b", session: next });
    });

    test(`a watch posts its whole view at its start and after each change, with its header (${name})`, {
      timeout: 60_000,
    }, async () => {
      await using posts = await Posts.listen();
      const at = (path: string) => ({ url: new URL(path, posts.url), headers: { "X-Word": "let me in" } });
      await using agent = await start([
        { type: "keyprefix", prefix: "bq/", ...at("/bq") },
        { type: "service", service: "ios", ...at("/ios") },
        { type: "key", key: "leader", ...at("/leader") },
      ]);
      const { client } = agent;
      for (const n of [9, 10]) unwrap(await client.put(`bq/${n}`, `item ${n}`));
      unwrap(await client.put("leader", "alpha1"));
      await agent.put("/v1/agent/service/register", {
        ...{ ID: "16", Name: "ios", Port: 21003 },
        Check: { CheckID: "service:16", TTL: "600s", Status: "passing" },
      });
      const queue = await posts.until("/bq", (body) => Array.isArray(body) && body.length === 2);
      expect(queue).toMatchObject([
        { Key: "bq/10", Value: Buffer.from("item 10").toString("base64") },
        { Key: "bq/9" },
      ]);
      const { word, index } = posts.last;
      expect([word, Number(index)]).toEqual(["let me in", expect.any(Number)]);
      expect(readQueueWatch(queue)).toMatchObject({ ok: true });
      const health = await posts.until(
        "/ios",
        (body) => Array.isArray(body) && JSON.stringify(body).includes('"CheckID":"service:16"'),
      );
      const snapshot = unwrap(readServiceWatch(health));
      expect(snapshot).toMatchObject({ service: "ios", members: [{ node: "alpha1" }] });
      expect(snapshot?.members[0]?.checks.map(({ checkId }) => checkId).sort()).toEqual(["serfHealth", "service:16"]);
      expect(await posts.until("/leader", (body) => body !== null)).toMatchObject({
        ...{ Key: "leader", Value: Buffer.from("alpha1").toString("base64") },
      });
    });

    contract(
      "a waiting read is answered by a change of its key, not of another; a deletion is one",
      async ({ client }) => {
        unwrap(await client.put("w/1", "old"));
        const { index } = unwrap(await client.list("w/"));
        const waiting = client.list("w/", { index, waitMs: seconds(30) });
        unwrap(await client.put("other", "x"));
        unwrap(await client.put("w/2", "new"));
        const news = unwrap(await waiting);
        expect(news.value.map(({ key }) => key)).toEqual(["w/1", "w/2"]);
        const again = client.list("w/", { index: news.index, waitMs: seconds(30) });
        unwrap(await client.delete("w/1"));
        expect(unwrap(await again).value.map(({ key }) => key)).toEqual(["w/2"]);
      },
    );

    contract("a waiting read without news comes back after its wait with the same index", async ({ client }) => {
      unwrap(await client.put("calm", "1"));
      const { index } = unwrap(await client.get("calm"));
      const read = unwrap(await client.get("calm", { index, waitMs: millis(50) }));
      expect(read.index).toBe(index);
      expect(read.value?.text).toBe("1");
    });

    contract("one session holds a lock; given back, another gets it; destroyed, the key stays", async ({ client }) => {
      const node = unwrap(await client.agentNode());
      const session = async (): Promise<string> =>
        unwrap(await client.createSession({ name: "t", node, checks: ["serfHealth"], lockDelay: seconds(0) }));
      const [a, b] = [await session(), await session()];
      expect(unwrap(await client.sessionNode(a)).value).toBe(node);
      expect(unwrap(await client.put("leader", "a", { acquire: a }))).toBe(true);
      expect(unwrap(await client.put("leader", "b", { acquire: b }))).toBe(false);
      expect(unwrap(await client.get("leader")).value).toMatchObject({ text: "a", session: a });
      expect(unwrap(await client.put("leader", "a", { release: b }))).toBe(false);
      expect(unwrap(await client.put("leader", "a", { release: a }))).toBe(true);
      expect(unwrap(await client.put("leader", "b", { acquire: b }))).toBe(true);
      expect(unwrap(await client.renewSession(b))).toBe(true);
      unwrap(await client.destroySession(b));
      const { value } = unwrap(await client.get("leader"));
      expect([value?.text, value?.session]).toEqual(["b", undefined]);
      expect(unwrap(await client.sessionNode(b)).value).toBeUndefined();
      expect(unwrap(await client.renewSession(b))).toBe(false);
    });

    contract("a session that is gone cannot take a lock: a failure with its status, not false", async ({ client }) => {
      const put = await client.put("leader", "x", { acquire: "00000000-0000-4000-8000-000000000000" });
      expect(put).toMatchObject({ ok: false, error: { kind: "status", status: 500 } });
    });

    contract("an instance is in the catalog and in health, with its node's checks and its own", async (agent) => {
      const { client } = agent;
      const node = unwrap(await client.agentNode());
      const waiting = client.serviceHealth("ios", { index: unwrap(await client.serviceHealth("ios")).index });
      await agent.put("/v1/agent/service/register", {
        ...{ ID: "16", Name: "ios", Address: "inet:tcp:10.9.8.11", Port: 21003, Meta: { transport_type: "libfab" } },
        Check: { CheckID: "service:16", TTL: "600s", Status: "warning" },
      });
      expect(unwrap(await waiting).value).toHaveLength(1);
      expect(unwrap(await client.catalogService("ios")).value).toEqual([
        {
          ...{ node, serviceId: "16", address: "inet:tcp:10.9.8.11", port: 21003 },
          meta: { transport_type: "libfab" },
        },
      ]);
      const status = async (): Promise<readonly string[]> =>
        (unwrap(await client.serviceHealth("ios")).value[0]?.checks ?? [])
          .map((check) => `${check.checkId} ${check.serviceId} ${check.status}`)
          .sort();
      expect(await status()).toEqual(["serfHealth  passing", "service:16 16 warning"]);
      const { index } = unwrap(await client.serviceHealth("ios"));
      const news = client.serviceHealth("ios", { index, waitMs: seconds(30) });
      await agent.put("/v1/agent/check/pass/service:16", undefined);
      unwrap(await news);
      expect(await status()).toEqual(["serfHealth  passing", "service:16 16 passing"]);
      expect(
        unwrap(await client.nodeChecks(node))
          .value.map(({ checkId }) => checkId)
          .sort(),
      ).toEqual(["serfHealth", "service:16"]);
    });

    contract("a session ends when one of its checks turns critical, and its lock with it", async (agent) => {
      const { client } = agent;
      const node = await registerConfd(agent);
      const request = { name: "leader", node, checks: ["serfHealth", "service:9"], lockDelay: seconds(2) };
      const session = unwrap(await client.createSession(request));
      expect(unwrap(await client.put("leader", node, { acquire: session }))).toBe(true);
      const { index } = unwrap(await client.get("leader"));
      const news = client.get("leader", { index, waitMs: seconds(30) });
      await agent.put("/v1/agent/check/fail/service:9", undefined);
      const { value } = unwrap(await news);
      expect([value?.text, value?.session]).toEqual([node, undefined]);
    });

    for (const consistency of ["default", "consistent", "stale"] as const)
      contract(`a read may be ${consistency}`, async ({ client }) => {
        unwrap(await client.put("mode", consistency));
        expect(unwrap(await client.get("mode", { consistency })).value?.key).toBe("mode");
      });
  });
}

/** What watches post, by path. */
class Posts implements AsyncDisposable {
  last = { word: "", index: "" };
  readonly #bodies: { readonly path: string; readonly body: unknown }[] = [];
  readonly #wake: (() => void)[] = [];

  private constructor(readonly server: Server) {
    server.on("request", (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        this.last = {
          word: String(request.headers["x-word"]),
          index: String(request.headers["x-consul-index"]),
        };
        this.#bodies.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(pieces).toString()) });
        response.end();
        for (const wake of this.#wake.splice(0)) wake();
      });
    });
  }

  static async listen(): Promise<Posts> {
    const posts = new Posts(createServer());
    await new Promise<void>((resolve) => posts.server.listen(0, "127.0.0.1", resolve));
    return posts;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  /** The first body at `path` that fits. */
  async until(path: string, fits: (body: unknown) => boolean): Promise<unknown> {
    for (;;) {
      const found = this.#bodies.find((post) => post.path === path && fits(post.body));
      if (found !== undefined) return found.body;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A service with a check that passes; gives the name of its node, whose checks tell of it. */
async function registerConfd(agent: ContractAgent): Promise<string> {
  const { client } = agent;
  const node = unwrap(await client.agentNode());
  await agent.put("/v1/agent/service/register", {
    ...{ ID: "9", Name: "confd", Port: 21002 },
    Check: { CheckID: "service:9", TTL: "600s", Status: "passing" },
  });
  let registered = unwrap(await client.nodeChecks(node));
  while (!registered.value.some(({ checkId }) => checkId === "service:9"))
    registered = unwrap(await client.nodeChecks(node, { index: registered.index, waitMs: seconds(10) }));
  return node;
}
