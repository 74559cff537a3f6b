import assert from "node:assert/strict";
import { seconds, sleep, systemClock } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import type { AsicOp } from "../../op.js";
import type { ConformanceCase } from "../case.js";
import { fails, holds } from "../case.js";
import { account, barrier, describeTally, expectAll, pair, SUCCESS } from "../steps.js";
import { now, PORTS } from "../world.js";

const QUESTIONS = 300;

/** Two ends that live. */
export const orderCases: readonly ConformanceCase[] = [
  {
    name: "order",
    says: "requests are executed once and in order, and answered each",
    rows: ["sync mode"],
    run: async (world) => {
      const { client } = await pair(world);
      const count = world.long ? 5000 : 500;
      await client.create(0, count);
      await expectAll(world, client.ends, 0, count);
      return holds(`${count} requests, 50 at a time, each done once, in order, and answered`);
    },
  },
  {
    name: "round-trip",
    says: "one question after the other is answered",
    rows: ["latency"],
    run: async (world) => {
      const { client } = await pair(world);
      const micros: number[] = [];
      for (let i = 0; i < QUESTIONS; i++) {
        const { word, micros: took } = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
        assert.equal(word, SUCCESS);
        micros.push(took);
      }
      const median = micros.toSorted((a, b) => a - b)[QUESTIONS / 2];
      const text = `${median} µs there and back, with syncd and the ASIC behind it (median of ${QUESTIONS})`;
      return { ...holds(text), figure: `${median} µs` };
    },
  },
  {
    name: "questions",
    says: "what the ASIC can do, what it counts and what it has is answered, with the fields in their order",
    rows: ["type safety"],
    run: async (world) => {
      const { client } = await pair(world);
      const vid = world.switchKey.slice(world.switchKey.indexOf(":") + 1);
      const port = ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"] as const;
      const asked = async (op: AsicOp, key: string, fields: FieldValues): Promise<readonly string[]> => {
        const { word, fields: said } = await client.ask(op, key, fields);
        assert.equal(word, SUCCESS, op);
        return said.map(([name, value]) => `${name}=${value}`);
      };
      const fec = ["ATTR_ID", "SAI_PORT_ATTR_FEC_MODE"] as const;
      assert.deepEqual(await asked("attribute_capability_query", vid, [port, fec]), [
        ...["CREATE_IMPLEMENTED=true", "SET_IMPLEMENTED=true", "GET_IMPLEMENTED=true"],
      ]);
      const size = ["LIST_SIZE", "64"] as const;
      assert.deepEqual(await asked("attr_enum_values_capability_query", vid, [port, fec, size]), [
        ...["ENUM_CAPABILITIES=0,1,2,", "ENUM_COUNT=3"],
      ]);
      assert.equal((await asked("stats_capability_query", vid, [port, size])).at(-1), "STAT_COUNT=11");
      assert.equal((await asked("stats_st_capability_query", vid, [port, size])).length, 4);
      assert.match((await asked("object_type_get_availability_query", vid, [port])).join(), /^OBJECT_COUNT=\d+$/);
      const ports = await asked("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_LIST", `${PORTS}:oid:0x0,oid:0x0`]]);
      const first = `SAI_OBJECT_TYPE_PORT:${/oid:0x[0-9a-f]+/.exec(ports.join())?.[0]}`;
      const counter = [["SAI_PORT_STAT_IF_IN_OCTETS", ""]] as const;
      assert.deepEqual(await asked("get_stats", first, counter), ["SAI_PORT_STAT_IF_IN_OCTETS=0"]);
      assert.deepEqual(await asked("clear_stats", first, counter), []);
      return holds("five queries, a list of ports, a counter read and cleared");
    },
  },
  {
    name: "burst",
    says: "250,000 requests in one burst are all done, once and in order",
    rows: ["flow control"],
    run: async (world) => {
      const count = world.long ? 250_000 : 2000;
      const { client } = await pair(world, { mode: world.bestMode, replyTimeoutMs: 600_000 });
      const window = Math.min(20_000, world.traits.requestsInFlightMax);
      const started = now();
      const done = await client.create(0, count, window);
      await barrier(client, world);
      const seconds = (now() - started) / 1000;
      await expectAll(world, client.ends, 0, count);
      const mib = Math.round(Number(done.split(" ")[2]) / 2 ** 20);
      return holds(`${count} at up to ${window} unanswered in ${seconds.toFixed(1)} s; ${mib} MiB in the client`);
    },
  },
  {
    name: "slow-server",
    says: "a server that stands still holds its client up, and nothing is lost",
    rows: ["flow control"],
    run: async (world) => {
      const { syncd, client } = await pair(world);
      syncd.pause();
      const done = client.create(0, 400, 100);
      await sleep(systemClock, seconds(5));
      const before = client.ends.size;
      syncd.goOn();
      await done;
      await expectAll(world, client.ends, 0, 400);
      return holds(`${before} of 400 ended while it stood, all 400 after`);
    },
  },
  {
    name: "late-reply",
    says: "a reply behind its deadline is not taken for the next request's",
    rows: ["sync mode"],
    run: async (world) => {
      const { syncd, client } = await pair(world, { replyTimeoutMs: 1000 });
      syncd.pause();
      const late = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
      assert.equal(late.word, "unknown");
      syncd.goOn();
      // The client may need a moment to find its server again; what it hears must be the answer to what it asked.
      for (let tries = 0; tries < 20; tries++) {
        const next = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_FDB_AGING_TIME", "0"]]);
        if (next.word !== SUCCESS) continue;
        assert.deepEqual(next.fields[0]?.[0], "SAI_SWITCH_ATTR_FDB_AGING_TIME");
        return holds(
          `the late one was unknown at 1 s; the next one heard its own${tries > 0 ? ` (try ${tries + 1})` : ""}`,
        );
      }
      throw new Error("no request was answered after the server went on");
    },
  },
  {
    name: "redis-killed",
    says: "Redis is killed and comes back: everything is done once or reported",
    rows: ["crash recovery"],
    run: async (world) => {
      const { client } = await pair(world, { replyTimeoutMs: 10_000 });
      const count = 600;
      const done = client.create(0, count);
      await client.peer.says("200 ");
      await world.restartRedis();
      await done;
      await barrier(client, world);
      await account(world, client.ends, 0, count);
      assert.equal(client.ends.size, count, "every caller hears something");
      return holds(`of ${count}: ${describeTally(client.ends)}`);
    },
  },
  {
    name: "observers",
    says: "further consumers see every request in order",
    rows: ["multi-consumer"],
    holds: ({ observers }) => observers,
    run: async (world) => {
      const { client } = await pair(world);
      const observer = await world.observer();
      if (observer === undefined) return fails("nobody but the server can read what is sent");
      const ending = new AbortController();
      const keys: string[] = [];
      const enough = (async () => {
        for await (const event of observer.events(ending.signal)) {
          if (event.kind === "gap") throw new Error("an observer that reads has a gap");
          if (event.kind === "request" && event.request.op === "create") keys.push(event.request.key);
          if (keys.length === 100) return;
        }
      })();
      await client.create(0, 100);
      await enough;
      ending.abort();
      assert.deepEqual(keys, keys.toSorted(), "in order");
      return holds("an observer saw 100 of 100 requests, in order");
    },
  },
  {
    name: "recorded",
    says: "what is said stands in a recording of upstream's format",
    rows: ["recording"],
    run: async (world) => {
      const record = `${world.folder}/said.rec`;
      const { client } = await pair(world, { record });
      await client.create(0, 100);
      await client.peer.stop();
      const lines = (await world.file("said.rec"))
        .split("\n")
        .filter((line) => line.includes("|c|SAI_OBJECT_TYPE_VIRTUAL"));
      assert.equal(lines.length, 100);
      const how = world.transport === "streams" ? "; the streams themselves hold them too" : "";
      return holds(`100 of 100 requests in the client's recording${how}`);
    },
  },
];
