import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import type { AsicNotification } from "../notification.js";
import type { AsicOutcome } from "../request-line.js";
import type { AsicClient, AsicHandler, AsicServer } from "../transport.js";
import type { ClientWish, ContractWorld, EndWish } from "./contract-world.js";

/** A server at work. */
export interface Serving {
  readonly server: AsicServer;
  /** It finishes what it has in hand, and leaves. */
  stop(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
}

export async function serving(world: ContractWorld, handler: AsicHandler, wish: EndWish = {}): Promise<Serving> {
  const server = unwrap(await world.server(wish));
  const stopping = new AbortController();
  const served = server.serve(handler, stopping.signal);
  return {
    server,
    stop: async () => {
      stopping.abort();
      assert.deepEqual(await served, { ok: true, value: undefined });
      await server[Symbol.asyncDispose]();
    },
    kill: async () => {
      await world.kill(server);
      stopping.abort();
    },
  };
}

export async function clientOf(world: ContractWorld, wish: ClientWish = {}): Promise<AsicClient> {
  return unwrap(await world.client(wish));
}

/** `accepted`, a status, or the kind of an error: how a request ended, in one word. */
export function word(outcome: AsicOutcome): string {
  if (!outcome.ok) return outcome.error.kind;
  return outcome.value.kind === "accepted" ? "accepted" : outcome.value.reply.status;
}

export async function words(outcomes: readonly Promise<AsicOutcome>[]): Promise<string[]> {
  return (await Promise.all(outcomes)).map(word);
}

/** Whether `work` is done by now: everything that is under way in this process comes to rest first. */
export async function isDone(work: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  work.then(mark, mark);
  for (let turn = 0; turn < 20; turn++) await settle();
  return done;
}

/** The next `count` events. */
export async function nextEvents(client: AsicClient, count: number): Promise<AsicNotification[]> {
  const events: AsicNotification[] = [];
  const enough = new AbortController();
  for await (const event of client.notifications(enough.signal)) {
    events.push(event);
    if (events.length === count) break;
  }
  enough.abort();
  return events;
}

export function portEvent(n: number): AsicNotification {
  return { name: "port_state_change", data: `[{"port_id":"oid:0x1${n.toString(16).padStart(12, "0")}"}]`, fields: [] };
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
