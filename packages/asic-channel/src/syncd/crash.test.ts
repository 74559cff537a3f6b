import { SYNCD_CRASH_POINTS, seededRandom, systemClock } from "@tandem/base";
import { longTest } from "@tandem/base/testing";
import type { FieldValues } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { Crash, crashAt, SWITCH_KEY, SWITCH_VID, SyncdWorld } from "../testing/syncd-world.js";

/** Of every request with an effect. */
const AROUND = ["asic.effect.before", "asic.effect.done", "asic.rows.written"] as const;

/** Boundaries that the handler itself passes; the others are the transports'. */
const POINTS = [
  "asic.effect.before",
  "asic.effect.part",
  "asic.effect.done",
  "asic.rows.written",
  "asic.view.step",
] as const;

function emptyWorld(): SyncdWorld {
  const random = seededRandom(7);
  const redis = new MemoryRedis({ clock: systemClock, random });
  return new SyncdWorld(new MemoryStores({ clock: systemClock, random, servers: [{ redis }] }));
}

const VLAN = "SAI_OBJECT_TYPE_VLAN";
const ROUTE = "SAI_OBJECT_TYPE_ROUTE_ENTRY";
const ROUTER = "SAI_OBJECT_TYPE_VIRTUAL_ROUTER";
const ACTION = "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION";
const DROP = "SAI_PACKET_ACTION_DROP";

const id = (type: number, index: number): string => `oid:0x${((BigInt(type) << 48n) | BigInt(index)).toString(16)}`;
const vlanAttributes = (n: number): FieldValues => [["SAI_VLAN_ATTR_VLAN_ID", String(100 + n)]];

type Step =
  | { readonly do: "vlan" | "noVlan" | "route" | "noRoute" | "setRoute"; readonly n: number }
  | { readonly do: "routes" | "noRoutes" | "vlans"; readonly all: readonly number[] }
  | { readonly do: "view"; readonly vlans: readonly number[]; readonly routes: readonly number[] };

/** Drives a world by steps, as orchagent does: ids are its own, and a request that was not answered comes again. */
class Driver {
  readonly world: SyncdWorld;
  readonly replies: AsicReply[] = [];
  readonly labels = new Set<string>();
  lives = 1;
  #vlans = new Map<number, string>();
  #views = 0;
  #fresh = 5000;
  #router = id(3, 4000);
  #requests = 0;

  constructor(world: SyncdWorld) {
    this.world = world;
  }

  async begin(): Promise<void> {
    await this.world.start();
    await this.ask("notify", "INIT_VIEW");
    await this.ask("create", SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
    await this.ask("create", `${ROUTER}:${this.#router}`, [["NULL", "NULL"]]);
    await this.ask("notify", "APPLY_VIEW");
  }

  async perform(step: Step): Promise<void> {
    switch (step.do) {
      case "vlan":
        await this.#makeVlan(step.n);
        break;
      case "vlans": {
        const made = step.all.map((n) => [n, this.#freshVlan()] as const);
        const reply = await this.ask(
          "bulkcreate",
          `${VLAN}:${made.length}`,
          made.map(([n, vid]) => [vid, `SAI_VLAN_ATTR_VLAN_ID=${100 + n}`]),
        );
        for (const [at, [n, vid]] of made.entries())
          if (reply.fields[at]?.[0] === "SAI_STATUS_SUCCESS") this.#vlans.set(n, vid);
        break;
      }
      case "noVlan": {
        const reply = await this.ask("remove", `${VLAN}:${this.#vlans.get(step.n) ?? id(38, 1)}`);
        if (reply.status === "SAI_STATUS_SUCCESS") this.#vlans.delete(step.n);
        break;
      }
      case "route":
        await this.ask("create", this.#routeKey(step.n), [[ACTION, DROP]]);
        break;
      case "noRoute":
        await this.ask("remove", this.#routeKey(step.n));
        break;
      case "setRoute":
        await this.ask("set", this.#routeKey(step.n), [[ACTION, "SAI_PACKET_ACTION_TRAP"]]);
        break;
      case "routes":
        await this.ask(
          "bulkcreate",
          `${ROUTE}:${step.all.length}`,
          step.all.map((n) => [this.#routeId(n), `${ACTION}=${DROP}`]),
        );
        break;
      case "noRoutes":
        await this.ask(
          "bulkremove",
          `${ROUTE}:${step.all.length}`,
          step.all.map((n) => [this.#routeId(n), ""]),
        );
        break;
      case "view":
        await this.#changeView(step);
        break;
    }
  }

  /** Asks until it is answered: each time syncd dies a new one comes up, and gets the request again. */
  async ask(op: AsicRequest["op"], key: string, fields: FieldValues = []): Promise<AsicReply> {
    this.#requests += 1;
    this.labels.add(key);
    const request = `q${this.#requests}`;
    for (let repeated = false; ; repeated = true) {
      try {
        const reply = await this.world.ask(op, key, fields, { id: request, repeated });
        this.replies.push(reply);
        return reply;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.lives += 1;
        await this.world.start();
      }
    }
  }

  async bulk(op: "bulkcreate" | "bulkremove" | "bulkset", routes: readonly number[]): Promise<AsicReply> {
    const value = { bulkcreate: `${ACTION}=${DROP}`, bulkremove: "", bulkset: `${ACTION}=SAI_PACKET_ACTION_TRAP` }[op];
    return this.ask(
      op,
      `${ROUTE}:${routes.length}`,
      routes.map((n) => [this.#routeId(n), value]),
    );
  }

  async #makeVlan(n: number): Promise<void> {
    const vid = this.#freshVlan();
    const reply = await this.ask("create", `${VLAN}:${vid}`, vlanAttributes(n));
    if (reply.status === "SAI_STATUS_SUCCESS") this.#vlans.set(n, vid);
  }

  async #changeView({ vlans, routes }: { readonly vlans: readonly number[]; readonly routes: readonly number[] }) {
    this.#views += 1;
    await this.ask("notify", "INIT_VIEW");
    await this.ask("create", SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
    this.#router = id(3, 4000 + this.#views);
    await this.ask("create", `${ROUTER}:${this.#router}`, [["NULL", "NULL"]]);
    this.#vlans = new Map();
    for (const n of vlans) await this.#makeVlan(n);
    for (const n of routes) await this.ask("create", this.#routeKey(n), [[ACTION, DROP]]);
    await this.ask("notify", "APPLY_VIEW");
  }

  #freshVlan(): string {
    this.#fresh += 1;
    return id(38, this.#fresh);
  }

  #routeId(n: number): string {
    return `{"dest":"10.${n}.0.0/16","switch_id":"${SWITCH_VID}","vr":"${this.#router}"}`;
  }

  #routeKey(n: number): string {
    return `${ROUTE}:${this.#routeId(n)}`;
  }
}

/** Everything that can be seen afterwards. */
async function seen(driver: Driver): Promise<object> {
  const { world } = driver;
  const drift = await driver.ask("notify", "SYNCD_INSPECT_ASIC");
  const labels = [...driver.labels].toSorted();
  return {
    rows: await world.rows(),
    temps: await world.rows("TEMP_ASIC_STATE"),
    vids: Object.keys(await world.row("VIDTORID")).toSorted(),
    replies: driver.replies.map(({ status, fields }) => [status, fields]),
    counts: world.counts(...labels),
    drift: drift.status,
    progress: await world.row("TANDEM_SYNCD_PROGRESS"),
  };
}

const number = fc.nat(4);
const numbers = fc.uniqueArray(number, { minLength: 1, maxLength: 4 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("vlan", "noVlan", "route", "noRoute", "setRoute"), n: number }),
  fc.record({ do: fc.constantFrom("routes", "noRoutes", "vlans"), all: numbers }),
  fc.record({ do: fc.constant("view" as const), vlans: numbers, routes: numbers }),
);

describe("a syncd that dies", () => {
  const diesAnywhere = async (numRuns: number): Promise<void> => {
    let died = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...AROUND, "asic.view.step"),
        fc.integer({ min: 1, max: 12 }),
        async (story, point, times) => {
          const [calm, stormy] = [new Driver(emptyWorld()), new Driver(emptyWorld())];
          for (const driver of [calm, stormy]) await driver.begin();
          await stormy.world.start("auto", crashAt(point, times));
          for (const step of story) {
            await calm.perform(step);
            await stormy.perform(step);
          }
          died += stormy.lives - 1;
          expect(await seen(stormy)).toEqual(await seen(calm));
        },
      ),
      { numRuns },
    );
    expect(died).toBeGreaterThan(numRuns / 8);
  };

  test(
    "anywhere comes to the same rows, replies and ASIC as one that lives, and creates nothing twice",
    () => diesAnywhere(60),
    120_000,
  );

  test("so in two thousand stories", (t) => {
    longTest(t);
    return diesAnywhere(2000);
  }, 1_200_000);

  for (const point of AROUND) {
    test(`at ${point} of a switch's creation finds the switch again`, async () => {
      const driver = new Driver(emptyWorld());
      await driver.world.start("auto", crashAt(point, 1));
      await driver.begin();
      expect(driver.world.counts(SWITCH_KEY)).toEqual([1]);
      expect(Object.keys(await driver.world.row("LANES"))).toHaveLength(8);
      expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
    });
  }

  test("between taking and effect without an id is finished at the start: nobody asks again", async () => {
    const driver = new Driver(emptyWorld());
    await driver.begin();
    for (const point of AROUND) {
      const key = `${VLAN}:${id(38, 7000 + POINTS.indexOf(point))}`;
      await driver.world.start("auto", crashAt(point, 1));
      const asked = driver.world.ask("create", key, vlanAttributes(POINTS.indexOf(point)), { id: undefined });
      await expect(asked).rejects.toBeInstanceOf(Crash);
      await driver.world.start();
      expect(await driver.world.row(`ASIC_STATE:${key}`)).not.toEqual({});
      expect(driver.world.counts(key)).toEqual([1]);
    }
  });

  for (const [op, again] of [
    ["bulkcreate", "once"],
    ["bulkremove", "not at all any more"],
    ["bulkset", "with its value"],
  ] as const)
    test(`in the middle of a ${op} comes to each object ${again}, and to a status for each`, async () => {
      const [calm, stormy] = [new Driver(emptyWorld()), new Driver(emptyWorld())];
      for (const driver of [calm, stormy]) await driver.begin();
      const routes = Array.from({ length: 150 }, (_, n) => n);
      for (const driver of [calm, stormy]) {
        // Every tenth is there already, or cannot be removed or set: it has a status of its own.
        const before = routes.filter((n) => (n % 10 === 0) === (op === "bulkcreate"));
        await driver.perform({ do: "routes", all: before });
        if (driver === stormy) await driver.world.start("auto", crashAt("asic.effect.part", 2));
        await driver.bulk(op, routes);
      }
      expect(stormy.lives).toBe(2);
      expect(stormy.replies.at(-1)?.fields).toHaveLength(150);
      expect(await seen(stormy)).toEqual(await seen(calm));
    });

  test("passes every boundary that is named", () => {
    expect(SYNCD_CRASH_POINTS.filter((name) => (POINTS as readonly string[]).includes(name))).toEqual(POINTS);
  });
});

describe("a view whose change the ASIC refuses in the middle", () => {
  const view = fc.record({ do: fc.constant("view" as const), vlans: numbers, routes: numbers });

  /** Refuses the nth change from now on, and all behind it where `for ever`. */
  const refuseAt = (driver: Driver, nth: number, forEver: boolean): void => {
    let left = nth;
    driver.world.refuses = () => {
      left -= 1;
      return left === 0 || (forEver && left < 0) ? "SAI_STATUS_INSUFFICIENT_RESOURCES" : undefined;
    };
  };

  test("is undone: rows and ASIC are what they were, and the next view is applied", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(view, view, fc.integer({ min: 1, max: 14 }), async (before, after, nth) => {
        const driver = new Driver(emptyWorld());
        await driver.begin();
        await driver.perform(before);
        const rows = await driver.world.rows();
        const vids = Object.keys(await driver.world.row("VIDTORID")).toSorted();
        refuseAt(driver, nth, false);
        await driver.perform(after);
        driver.world.refuses = undefined;
        if (driver.replies.at(-1)?.status !== "SAI_STATUS_SUCCESS") {
          refused += 1;
          expect(driver.world.events.findLast(({ kind }) => kind === "viewFailed")).toMatchObject({ touched: false });
          expect(await driver.world.rows()).toEqual(rows);
          expect(Object.keys(await driver.world.row("VIDTORID")).toSorted()).toEqual(vids);
          expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
          await driver.perform(after);
        }
        expect(driver.replies.at(-1)?.status).toBe("SAI_STATUS_SUCCESS");
        expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
      }),
      { numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(15);
  }, 60_000);

  test("is the old view also where syncd dies while it undoes", async () => {
    let died = 0;
    await fc.assert(
      fc.asyncProperty(
        view,
        view,
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (before, after, nth, step) => {
          const driver = new Driver(emptyWorld());
          await driver.begin();
          await driver.perform(before);
          const rows = await driver.world.rows();
          await driver.world.start("auto", crashAt("asic.view.step", step));
          let left = nth;
          // The next life finds an ASIC that refuses nothing.
          driver.world.refuses = () => {
            left -= 1;
            return left === 0 && driver.lives === 1 ? "SAI_STATUS_INSUFFICIENT_RESOURCES" : undefined;
          };
          await driver.perform(after);
          driver.world.refuses = undefined;
          if (driver.replies.at(-1)?.status !== "SAI_STATUS_SUCCESS") {
            died += driver.lives - 1;
            expect(await driver.world.rows()).toEqual(rows);
          }
          expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
          expect(await driver.world.row("TANDEM_SYNCD_PROGRESS")).toEqual({});
        },
      ),
      { numRuns: 100 },
    );
    expect(died).toBeGreaterThan(0);
  }, 60_000);

  test("and cannot be undone ends this syncd's work, says how far it came, and the next one boots the old view", async () => {
    const driver = new Driver(emptyWorld());
    await driver.begin();
    await driver.perform({ do: "view", vlans: [1, 2], routes: [1, 2] });
    const rows = await driver.world.rows();
    refuseAt(driver, 3, true);
    await driver.perform({ do: "view", vlans: [3, 4], routes: [3] });
    driver.world.refuses = undefined;
    expect(driver.replies.at(-1)?.status).toBe("SAI_STATUS_FAILURE");
    expect(driver.world.syncd?.broken).toMatch(/at step 3 of \d+; it cannot be undone: \w+ of .*INSUFFICIENT/);
    expect(driver.world.told.map(({ name }) => name)).toEqual(["switch_shutdown_request"]);
    expect((await driver.world.row("TANDEM_SYNCD_STATE"))["boot"]).toMatch(/^a view was applied in part: /);
    await driver.world.start();
    expect(await driver.world.rows()).toEqual(rows);
    expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
  });
});

describe("an ASIC that loses its power", () => {
  test("is booted from rows, in any state that a syncd left them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 6 }), async (story) => {
        const driver = new Driver(emptyWorld());
        await driver.begin();
        for (const step of story) await driver.perform(step);
        const before = await driver.world.rows();
        driver.world.core.call({ call: "reset" });
        await driver.world.start();
        expect(await driver.world.rows()).toEqual(before);
        expect((await driver.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
