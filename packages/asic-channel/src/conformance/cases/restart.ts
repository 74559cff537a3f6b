import assert from "node:assert/strict";
import type { CrashPointName } from "@tandem/base";
import { millis, sleep, systemClock, unwrap } from "@tandem/base";
import { splitKey } from "../../request.js";
import type { TransportName } from "../../transport.js";
import { type ConformanceCase, fails, holds } from "../case.js";
import { ROUTER, routerOf } from "../objects.js";
import { account, applyView, barrier, describeTally, expectAll, pair, SUCCESS, tally } from "../steps.js";

/** Boundaries of a server, and the how manieth passing: some behind the first view, in the middle of the load. */
const SERVER_POINTS: readonly (readonly [CrashPointName, number])[] = [
  ["asic.request.taken", 6],
  ["asic.effect.before", 100],
  ["asic.effect.done", 100],
  ["asic.rows.written", 100],
  ["asic.reply.stored", 6],
  ["asic.request.acked", 6],
];

/** Where a transport passes each boundary of its own: those of syncd itself are everybody's. */
function passes(transport: TransportName, point: CrashPointName): boolean {
  switch (point) {
    case "asic.request.taken":
      return transport !== "grpc-queue";
    case "asic.request.acked":
      // grpc-queue passes it behind the queue only: see `killed-while-draining`.
      return transport === "streams" || transport === "shm";
    default:
      return true;
  }
}

/** `sync` callers of a transport that does not deliver again hear that what was in hand is unknown. */
function serverKilled(point: CrashPointName, time: number): ConformanceCase {
  return {
    name: `server-killed-at-${point.replace("asic.", "").replace(".", "-")}`,
    says: `syncd is killed at ${point}: everything in hand is done once, and its caller hears so`,
    rows: ["crash recovery"],
    ...(point === "asic.effect.done" && { short: true as const }),
    when: ({ name }) => passes(name, point),
    // A reply that is in the list is there, whoever dies; what waits behind it is not taken yet.
    holds: ({ name, redeliversUnacked }) =>
      redeliversUnacked || (name === "list-pubsub" && point === "asic.reply.stored"),
    run: async (world) => {
      const first = await world.syncd({ dies: `${point}:${time}` });
      const client = await world.client({ replyTimeoutMs: world.traits.redeliversUnacked ? 20_000 : 3000 });
      await applyView(client, world);
      const count = 300;
      const done = client.create(0, count, 20);
      await first.gone;
      await world.syncd();
      await done;
      await barrier(client, world);
      const { ends } = client;
      if (world.traits.redeliversUnacked) {
        await expectAll(world, ends, 0, count);
        assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
        return holds(`${count} of ${count} done once, in order, and answered`);
      }
      await account(world, ends, 0, count);
      assert.equal(ends.size, count, "every caller hears something");
      return (tally(ends)[SUCCESS] ?? 0) === count
        ? holds(`${count} of ${count} done once, in order, and answered`)
        : fails(`of ${count}: ${describeTally(ends)}; nothing twice, nobody told wrong`);
    },
  };
}

/** Ends that die, stay away, and come back. */
export const restartCases: readonly ConformanceCase[] = [
  ...SERVER_POINTS.map(([point, time]) => serverKilled(point, time)),
  {
    name: "killed-while-draining",
    says: "a syncd that dies in the middle of the queue is followed by one that does the rest, in order",
    rows: ["crash recovery"],
    when: ({ name }) => name === "grpc-queue",
    run: async (world) => {
      const { syncd, client } = await pair(world);
      await syncd.kill9();
      const count = 300;
      const done = client.create(0, count, count);
      const queued = async (): Promise<number> => {
        const [stream, list] = unwrap(
          await world.store.multi([
            ["XLEN", "ASIC_GRPC_QUEUE"],
            ["LLEN", "ASIC_GRPC_LIST"],
          ]),
        );
        return Number(stream) + Number(list);
      };
      while ((await queued()) < count) await sleep(systemClock, millis(20));
      const second = await world.syncd({ dies: "asic.request.acked:100" });
      await second.gone;
      await world.syncd();
      await done;
      await barrier(client, world);
      await expectAll(world, client.ends, 0, count);
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      return holds(`${count} of ${count} done once, in order, and answered; the kill came at the hundredth`);
    },
  },
  {
    name: "bulk-killed",
    says: "syncd is killed in the middle of a bulk request: each object is made once, and its caller hears of each",
    rows: ["crash recovery"],
    holds: ({ redeliversUnacked }) => redeliversUnacked,
    run: async (world) => {
      const first = await world.syncd({ dies: "asic.effect.part:2" });
      const client = await world.client({ replyTimeoutMs: world.traits.redeliversUnacked ? 20_000 : 3000 });
      await applyView(client, world);
      const count = 200;
      const ids = Array.from({ length: count }, (_, n) => splitKey(routerOf(world.context.guid, n))[1]);
      const asked = client.ask(
        "bulkcreate",
        `${ROUTER}:${count}`,
        ids.map((id) => [id, "NULL=NULL"]),
      );
      await first.gone;
      await world.syncd();
      const { word, fields } = await asked;
      await settled(client, world);
      assert.deepEqual(new Set(await world.timesMade(0, count)), new Set([1]), "each is made once");
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      if (!world.traits.redeliversUnacked) {
        assert.equal(word, "unknown", "what the caller hears");
        return fails(`each of ${count} made once, but the caller hears that it is not known`);
      }
      assert.deepEqual(
        fields.map(([status]) => status),
        ids.map(() => SUCCESS),
        "a status for each",
      );
      return holds(`each of ${count} made once, with a status each`);
    },
  },
  {
    name: "syncd-alone",
    says: "syncd is killed and stays away under load; the next one does everything, in order",
    rows: ["individual restart"],
    short: true,
    holds: ({ survivesServerRestart }) => survivesServerRestart,
    run: async (world) => {
      const mode = world.bestMode;
      const { syncd, client } = await pair(world, { mode, ...(mode === "sync" && { replyTimeoutMs: 3000 }) });
      await client.create(0, 100);
      await barrier(client, world);
      const before = (await world.made()).length;
      await syncd.kill9();
      const awayMs = world.long ? 60_000 : 0;
      const until = systemClock.monotonic() + awayMs;
      let sent = 100;
      do {
        await client.create(sent, 200, 200);
        sent += 200;
        if (awayMs > 0) await sleep(systemClock, millis(1000));
      } while (systemClock.monotonic() < until && sent < 20_000);
      await world.syncd({ mode });
      if (world.traits.survivesServerRestart) {
        await barrier(client, world);
        await expectAll(world, client.ends, 0, sent);
        return holds(`${sent - 100} accepted while it was away, all done once, in order, when it came`);
      }
      await settled(client, world);
      const { made } = await account(world, client.ends, 0, sent);
      assert.equal(client.ends.size, sent, "every caller hears something");
      assert.equal(made, before, "nothing of what was given up is executed later");
      const away = new Map([...client.ends].filter(([n]) => n >= 100));
      return fails(`none of ${sent - 100} is done: ${describeTally(away)}`);
    },
  },
  {
    name: "restart-under-load",
    says: "syncd is killed three times while requests go on; nothing is lost or reordered",
    rows: ["individual restart"],
    holds: ({ redeliversUnacked }) => redeliversUnacked,
    run: async (world) => {
      const mode = world.bestMode;
      const { client, syncd } = await pair(world, { mode, replyTimeoutMs: mode === "sync" ? 2000 : 30_000 });
      const count = 3000;
      const done = client.create(0, count, 20);
      let serving = syncd;
      for (const n of [300, 1000, 2000]) {
        await client.peer.says(`${n} `);
        await serving.kill9();
        serving = await world.syncd({ mode });
      }
      await done;
      await settled(client, world);
      const { made, lostAccepted } = await account(world, client.ends, 0, count);
      assert.equal(client.ends.size, count, "every caller hears something");
      if (world.traits.redeliversUnacked) {
        await expectAll(world, client.ends, 0, count);
        return holds(`${made} of ${count} done once, in order, over three kills`);
      }
      const lost = lostAccepted > 0 ? `; ${lostAccepted} that were accepted are lost` : "";
      return made === count
        ? holds(`${made} of ${count}`)
        : fails(`${made} of ${count}: ${describeTally(client.ends)}${lost}`);
    },
  },
  {
    name: "client-killed",
    says: "orchagent is killed under load: what it was told is done is done, and the next one goes on",
    rows: ["crash recovery"],
    run: async (world) => {
      const mode = world.bestMode;
      await world.syncd({ mode });
      const first = await world.client({ mode });
      await applyView(first, world);
      const load = first.create(0, 4000).catch(() => "");
      await first.peer.says("500 ");
      await first.peer.kill9();
      await load;
      const next = await world.client({ mode, name: "conformance-next" });
      await next.create(4000, 200);
      await barrier(next, world);
      const ends = new Map([...first.ends, ...next.ends]);
      const { made, lostAccepted } = await account(world, ends, 0, 4200);
      assert.equal(lostAccepted, 0, "nothing that was accepted is lost");
      return holds(
        `${first.ends.size} were answered before, ${made - 200} of them or a few more are done; nothing twice`,
      );
    },
  },
  {
    name: "swss-alone",
    says: "orchagent starts anew and says its view again: nothing of it is done a second time",
    rows: ["individual restart"],
    run: async (world) => {
      const { client } = await pair(world);
      await client.create(0, 50);
      await client.peer.kill9();
      const next = await world.client({ name: "conformance-next" });
      await applyView(next, world, () => next.create(0, 60));
      assert.deepEqual(new Set(await world.timesMade(0, 60)), new Set([1]), "each was made once");
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      return holds("50 objects stayed, 10 were added, none was made twice");
    },
  },
  {
    name: "warm-reboot",
    says: "everything but the hardware restarts, warm: the hardware is taken over as it stands",
    rows: ["warm boot"],
    run: async (world) => {
      const { syncd, client } = await pair(world);
      await client.create(0, 50);
      await client.peer.stop();
      await world.restartQuery("WARM");
      await syncd.gone;
      assert.equal(syncd.exitCode, 0, "syncd ends as it was asked to");
      await sleep(systemClock, millis(AOF_WRITTEN_MS));
      await world.restartRedis();
      await world.syncd({ start: "warm" });
      const next = await world.client();
      await applyView(next, world, () => next.create(0, 50));
      assert.deepEqual(new Set(await world.timesMade(0, 50)), new Set([1]), "each was made once");
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      return holds("50 objects stayed through syncd, orchagent and Redis; none was made twice");
    },
  },
  {
    name: "fast-reboot",
    says: "everything restarts, the hardware too: the new view is built from nothing",
    rows: ["warm boot"],
    run: async (world) => {
      const { syncd, client } = await pair(world);
      await client.create(0, 50);
      await client.peer.stop();
      await world.restartQuery("FAST");
      await syncd.gone;
      await world.startAsic();
      await world.store.command(["FLUSHDB"]);
      await world.syncd({ start: "fast" });
      const next = await world.client();
      await applyView(next, world, () => next.create(0, 50));
      assert.deepEqual(new Set(await world.timesMade(0, 50)), new Set([1]), "each was made once by the new hardware");
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      return holds("50 objects on hardware that had none");
    },
  },
  {
    name: "views-and-restarts",
    says: "both ends are killed in the middle of a view change; the next view stands whole",
    rows: ["crash recovery"],
    run: async (world) => {
      const first = await pair(world);
      await first.client.create(0, 30);
      await first.syncd.kill9();
      await first.client.peer.kill9();
      // An orchagent that dies while its view is built.
      const second = await world.syncd();
      const halfway = await world.client();
      assert.equal((await halfway.ask("notify", "INIT_VIEW")).word, SUCCESS);
      await halfway.ask("create", world.switchKey, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
      await halfway.create(0, 20);
      await halfway.peer.kill9();
      await second.kill9();
      // A syncd that dies in the middle of applying; its orchagent dies as well.
      const third = await world.syncd({ dies: "asic.view.step:3" });
      const client = await world.client();
      assert.equal((await client.ask("notify", "INIT_VIEW")).word, SUCCESS);
      await client.ask("create", world.switchKey, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
      await client.create(10, 40);
      const applied = client.ask("notify", "APPLY_VIEW").catch(() => undefined);
      await third.gone;
      await client.peer.kill9();
      await applied;
      await world.syncd();
      const last = await world.client();
      await applyView(last, world, () => last.create(10, 40));
      assert.deepEqual(
        (await world.made()).toSorted((a, b) => a - b),
        Array.from({ length: 40 }, (_, i) => i + 10),
      );
      // Objects that are alike need not be made anew: what the old view had may stand for what the new one wants.
      assert.ok(Math.max(...(await world.timesMade(0, 50))) === 1, "none was made twice");
      assert.deepEqual(await world.drift(), [], "rows and ASIC agree");
      return holds("the 40 objects of the last view, and no other; none was made twice");
    },
  },
];

/** What AOF everysec needs to have everything on disk. */
const AOF_WRITTEN_MS = 1500;

/** A client finds its server again. */
async function settled(client: Parameters<typeof barrier>[0], world: Parameters<typeof barrier>[1]): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    const { word } = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
    if (word === SUCCESS) return;
  }
  throw new Error("the client does not find the next server");
}
