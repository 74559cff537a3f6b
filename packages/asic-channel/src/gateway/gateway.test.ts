import { seconds, untilAborted } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AsicReply, replyTo } from "../reply.js";
import { STATUS } from "../status.js";
import { type Answering, AnsweringClient } from "../testing/answering-client.js";
import { nextEvents, portEvent, upTo, word, words } from "../testing/contract-steps.js";
import { commandIn, GatewayLine } from "../testing/gateway-line.js";
import { create, get, remove, routerKey, view } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import type { AsicHandler, AsicServer, Delivery } from "../transport.js";
import { Gateway } from "./gateway.js";
import type { GatewayEvent } from "./gateway-event.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());
beforeEach(async () => {
  await using stores = redisStoresAt({ socket: redis.socket });
  await commandIn(stores, ["FLUSHALL"]);
});

describe("an orchagent on one transport, a syncd on another", () => {
  for (const [from, to] of [
    ["list-pubsub", "streams"],
    ["streams", "list-pubsub"],
  ] as const) {
    test(`${from} to ${to}, sync: replies are those of the syncd behind, in order, and views stay barriers`, async () => {
      await using line = new GatewayLine(redis.socket);
      const syncd = new TestSyncd();
      await line.syncd(to, "sync", syncd);
      await line.gateway(from, to, "sync");
      await using client = await line.client(from, "sync");
      const asked = [view("INIT_VIEW"), create(1), create(1), view("APPLY_VIEW"), get(1), remove(2)];
      expect(await words(asked.map((request) => client.request(request)))).toEqual([
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_ITEM_ALREADY_EXISTS",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_SUCCESS",
        "SAI_STATUS_ITEM_NOT_FOUND",
      ]);
      expect(syncd.words).toEqual(asked.map(({ op, key }) => `${op} ${key}`));
    });

    test(`${from} to ${to}, async: what is accepted in front while the syncd behind is away is executed in order once it comes`, async () => {
      await using line = new GatewayLine(redis.socket);
      await line.gateway(from, to, "async");
      await using client = await line.client(from, "async");
      const outcomes = await words(upTo(300).map((n) => client.request(create(n))));
      expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
      const syncd = new TestSyncd();
      await line.syncd(to, "async", syncd);
      await syncd.took(300);
      expect(syncd.words).toEqual(upTo(300).map((n) => `create ${routerKey(n)}`));
      expect(line.events.filter(({ kind }) => kind === "lost")).toEqual([]);
    });

    test(`${from} to ${to}: events of the syncd reach the orchagent in order`, async () => {
      await using line = new GatewayLine(redis.socket);
      const syncd = await line.syncd(to, "sync", new TestSyncd());
      await line.gateway(from, to, "sync");
      await using client = await line.client(from, "sync");
      const heard = nextEvents(client, 20);
      for (const n of upTo(20)) expect(await syncd.notify(portEvent(n))).toEqual({ ok: true, value: undefined });
      expect(await heard).toEqual(upTo(20).map((n) => portEvent(n)));
    });
  }

  test("an async list in front writes no rows: those are the syncd's behind", async () => {
    await using line = new GatewayLine(redis.socket);
    const syncd = new TestSyncd();
    await line.syncd("streams", "async", syncd);
    await line.gateway("list-pubsub", "streams", "async");
    await using client = await line.client("list-pubsub", "async");
    await client.request(create(1));
    await syncd.took(1);
    expect(await line.keys("*ASIC_STATE:*")).toEqual([]);
  });

  test("a gateway that is stopped and started again under load loses and reorders nothing", async () => {
    await using line = new GatewayLine(redis.socket);
    const syncd = new TestSyncd();
    await line.syncd("list-pubsub", "async", syncd);
    let stop = await line.gateway("streams", "list-pubsub", "async");
    await using client = await line.client("streams", "async");
    const sent = upTo(3000).map((n) => client.request(create(n)));
    for (const count of [200, 1200]) {
      await syncd.took(count);
      await stop();
      stop = await line.gateway("streams", "list-pubsub", "async");
    }
    expect(new Set(await words(sent))).toEqual(new Set(["accepted"]));
    await syncd.took(3000);
    expect(syncd.words).toEqual(upTo(3000).map((n) => `create ${routerKey(n)}`));
  }, 60_000);
});

/** A front of which the test says what comes, and hears what is answered. */
class ManualFront implements AsicServer {
  readonly traits;
  readonly told: string[] = [];
  #handler: AsicHandler | undefined;
  #inHand: Promise<unknown> = Promise.resolve();

  constructor(redeliversUnacked: boolean, keepsNotifications = false) {
    this.traits = { ...new AnsweringClient().traits, redeliversUnacked, keepsNotifications };
  }

  async serve(handler: AsicHandler, signal: AbortSignal): ReturnType<AsicServer["serve"]> {
    this.#handler = handler;
    await untilAborted(signal);
    await this.#inHand;
    return { ok: true, value: undefined };
  }

  deliver(delivery: Delivery): Promise<AsicReply> {
    const handled = (this.#handler as AsicHandler).handle(delivery);
    this.#inHand = handled;
    return handled;
  }

  async notify({ name }: { readonly name: string }): ReturnType<AsicServer["notify"]> {
    this.told.push(name);
    return { ok: false, error: { kind: "refused", reason: "nobody is there" } };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function manual(answer: Answering, redelivers = true) {
  const clock = new VirtualClock();
  const events: GatewayEvent[] = [];
  const front = new ManualFront(redelivers);
  const ending = new AbortController();
  const back = new AnsweringClient({ answer });
  const ran = Gateway.run({ front, back, clock, onEvent: (event) => events.push(event) }, ending.signal);
  const deliver = (over: Partial<Delivery>) =>
    front.deliver({
      ...{ request: create(1), id: "1", repeated: false, unanswered: false, rowsWritten: false },
      ...over,
    });
  return { clock, events, front, back, deliver, stop: () => ending.abort(), ran };
}

describe("what the orchagent is told when no reply came from behind", () => {
  for (const [error, status] of [
    [{ kind: "refused", reason: "read-only" }, STATUS.notExecuted],
    [{ kind: "closed" }, STATUS.notExecuted],
    [{ kind: "unknown", reason: "gone" }, STATUS.failure],
    [{ kind: "invalidRequest", where: "key", expected: "a key", found: "" }, STATUS.invalidParameter],
  ] as const)
    test(`${error.kind} is ${status}`, async () => {
      const { deliver, events } = manual(() => error);
      expect(await deliver({})).toEqual(replyTo("create", status));
      expect(events).toEqual([{ kind: "request", op: "create", outcome: error.kind }]);
    });

  test("a full side behind is waited for as long as the orchagent waits, then said", async () => {
    const { deliver, clock, back, events } = manual(() => ({ kind: "queueFull", unit: "requests", limit: 1 }));
    const answered = deliver({});
    await settle();
    await clock.advance(seconds(59));
    expect(back.asked.length).toBeGreaterThan(200);
    await clock.advance(seconds(2));
    expect((await answered).status).toBe(STATUS.insufficientResources);
    expect(events.filter(({ kind }) => kind === "waits")).toHaveLength(1);
  });

  test("what nobody waits for is offered until it is taken", async () => {
    let open = false;
    const { deliver, clock, events } = manual(() => (open ? undefined : { kind: "refused", reason: "read-only" }));
    const answered = deliver({ unanswered: true });
    await settle();
    await clock.advance(seconds(600));
    open = true;
    await clock.advance(seconds(1));
    expect((await answered).status).toBe(STATUS.success);
    expect(events.map(({ kind }) => kind)).toEqual(["waits", "goesOn", "request"]);
  });

  test("what nobody waits for and may be lost is reported by its key", async () => {
    const { deliver, events } = manual(() => ({ kind: "unknown", reason: "gone" }));
    await deliver({ unanswered: true });
    expect(events.at(-1)).toMatchObject({ kind: "lost", op: "create", key: routerKey(1) });
  });
});

describe("a request that an earlier gateway took", () => {
  test("is done when its object is there already, or gone already", async () => {
    const { deliver, events } = manual(({ op }) =>
      replyTo(op, op === "create" ? STATUS.alreadyExists : STATUS.notFound),
    );
    expect((await deliver({ repeated: true })).status).toBe(STATUS.success);
    expect((await deliver({ repeated: true, request: remove(1) })).status).toBe(STATUS.success);
    expect(events.map(({ kind }) => kind)).toEqual(["repeated", "request", "repeated", "request"]);
  });

  test("keeps its reply where ids do not tell: entries, and requests that come for the first time", async () => {
    const { deliver } = manual(({ op }) => replyTo(op, STATUS.alreadyExists));
    const key = 'SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.0.0.0/8"}';
    const entry = { op: "create", key, fields: [] } as const;
    expect((await deliver({ repeated: true, request: entry })).status).toBe(STATUS.alreadyExists);
    expect((await deliver({ repeated: false })).status).toBe(STATUS.alreadyExists);
  });
});

describe("a gateway that is to stop while the side behind takes nothing", () => {
  test("leaves the request in front where that delivers again", async () => {
    const { deliver, clock, events, stop, ran } = manual(() => ({ kind: "refused", reason: "read-only" }));
    void deliver({ unanswered: true });
    await settle();
    stop();
    await clock.advance(seconds(6));
    expect(await ran).toEqual({ ok: true, value: undefined });
    expect(events.at(-1)).toEqual({ kind: "left", op: "create", key: routerKey(1) });
  });

  test("answers it where that does not", async () => {
    const { deliver, clock, stop } = manual(() => ({ kind: "refused", reason: "read-only" }), false);
    const answered = deliver({ unanswered: true });
    await settle();
    stop();
    await clock.advance(seconds(6));
    expect(word({ ok: true, value: { kind: "replied", reply: await answered } })).toBe(STATUS.failure);
  });
});
