import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import type { Peer } from "./peer.js";
import type { ClientWish, ConformanceWorld, Orchagent } from "./world.js";

export const SUCCESS = "SAI_STATUS_SUCCESS";

/** An orchagent that has the first view applied: from here on requests go to the ASIC. */
export async function applyView(
  client: Orchagent,
  world: ConformanceWorld,
  more?: () => Promise<unknown>,
): Promise<void> {
  const told = async (key: string): Promise<void> => {
    const { word } = await client.ask("notify", key);
    assert.equal(word, SUCCESS, key);
  };
  await told("INIT_VIEW");
  const { word } = await client.ask("create", world.switchKey, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
  assert.ok(word === SUCCESS || word === "accepted", `the switch: ${word}`);
  await more?.();
  await told("APPLY_VIEW");
}

/** A syncd and an orchagent at work. */
export async function pair(
  world: ConformanceWorld,
  wish: ClientWish = {},
): Promise<{ syncd: Peer; client: Orchagent }> {
  const syncd = await world.syncd(wish.mode === undefined ? {} : { mode: wish.mode });
  const client = await world.client(wish);
  await applyView(client, world);
  return { syncd, client };
}

/**
 * Whatever was sent before is done when this is answered. Behind many requests a question may be given up before its turn
 * comes; it is asked again as long as syncd gets on.
 */
export async function barrier(client: Orchagent, world: ConformanceWorld): Promise<void> {
  for (let before = -1; ; ) {
    const { word } = await client.ask("get", world.switchKey, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
    if (word === SUCCESS) return;
    const made = Number(unwrap(await world.store.command(["HLEN", "VIDTORID"])));
    assert.ok(word === "unknown" && made > before, `a question behind everything else: ${word}`);
    before = made;
  }
}

/** How many creations ended in which way. */
export function tally(ends: ReadonlyMap<number, string>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of ends.values()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

export function describeTally(ends: ReadonlyMap<number, string>): string {
  const words = Object.entries(tally(ends)).map(([word, count]) => `${count} ${word.replace("SAI_STATUS_", "")}`);
  return words.join(", ") || "none";
}

/**
 * What holds on every transport: nothing happened twice, nothing out of order, what its caller was told is done is done,
 * and what it was told is not executed is not. Gives how many of them exist.
 */
export async function account(
  world: ConformanceWorld,
  ends: ReadonlyMap<number, string>,
  from: number,
  count: number,
): Promise<{ readonly made: number; readonly lostAccepted: number }> {
  const made = (await world.made()).filter((n) => n >= from && n < from + count);
  assert.deepEqual(
    made,
    made.toSorted((a, b) => a - b),
    "effects in the order of their requests",
  );
  const times = await world.timesMade(from, count);
  const twice = times.flatMap((time, i) => (time > 1 ? [from + i] : []));
  assert.deepEqual(twice, [], "no effect twice");
  let lostAccepted = 0;
  for (const [n, word] of ends) {
    if (n < from || n >= from + count) continue;
    const time = times[n - from] ?? 0;
    if (word === SUCCESS) assert.equal(time, 1, `request ${n} was answered as done`);
    if (word === "refused" || word === "closed" || word === "queueFull")
      assert.equal(time, 0, `request ${n} was said not to be executed`);
    if (word === "accepted" && time === 0) lostAccepted += 1;
  }
  return { made: made.length, lostAccepted };
}

/** All of them are done, once and in order, and their callers heard so. */
export async function expectAll(
  world: ConformanceWorld,
  ends: ReadonlyMap<number, string>,
  from: number,
  count: number,
): Promise<void> {
  const { made, lostAccepted } = await account(world, ends, from, count);
  const bad = [...ends].filter(([, word]) => word !== SUCCESS && word !== "accepted");
  assert.deepEqual(bad.slice(0, 3), [], "every caller hears that it is done");
  assert.equal(ends.size, count, "every caller hears something");
  assert.equal(lostAccepted, 0, "nothing that was accepted is lost");
  assert.equal(made, count, "all of them exist");
}
