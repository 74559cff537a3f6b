import { millis, seconds, unwrap } from "@tandem/base";
import { describe, expect, test } from "vitest";
import type { ConsulSessions } from "../consul/consul-api.js";

/** An agent that the contract is checked against, with the little that its client cannot do. */
export interface ContractAgent extends AsyncDisposable {
  readonly client: ConsulSessions;
  /** Sends a request as the client does not. */
  put(path: string, body: unknown): Promise<void>;
}

/** What hax takes for granted of Consul, whoever answers. Keys of each test are its own. */
export function consulContract(name: string, start: () => Promise<ContractAgent>): void {
  const contract = (behaviour: string, check: (agent: ContractAgent) => Promise<void>): void =>
    test(`${behaviour} (${name})`, { timeout: 60_000 }, async () => {
      await using agent = await start();
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
      const node = unwrap(await client.agentNode());
      await agent.put("/v1/agent/service/register", {
        ...{ ID: "9", Name: "confd", Port: 21002 },
        Check: { CheckID: "service:9", TTL: "600s", Status: "passing" },
      });
      let registered = unwrap(await client.nodeChecks(node));
      while (!registered.value.some(({ checkId }) => checkId === "service:9"))
        registered = unwrap(await client.nodeChecks(node, { index: registered.index, waitMs: seconds(10) }));
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
