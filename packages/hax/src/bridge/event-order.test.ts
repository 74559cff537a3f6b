import { err, millis, type Random, type Result, randomBelow, seconds, seededRandom, sleep } from "@tandem/base";
import { expect, test } from "vitest";
import type { ConsulFailure } from "../consul/consul-api.js";
import { formatFid } from "../fid.js";
import { r, world } from "../testing/bridge-world.js";
import { MemoryConsul } from "../testing/memory-consul.js";

const PROCESSES = 40;
const EVENTS = 600;
const FAILED = { kind: "status", status: 500, what: "500 rpc error" } as const;

/**
 * Calls take up to 80 ms and pass each other; one in twenty takes 8 s, longer than hax waits for it, and is carried out all
 * the same. One in four fails, and of those every other is carried out.
 */
class WildConsul extends MemoryConsul {
  readonly stored: { readonly key: string; readonly value: string }[] = [];
  random: Random = seededRandom(0);

  override put(...[key, value, options]: Parameters<MemoryConsul["put"]>): ReturnType<MemoryConsul["put"]> {
    const cas = options?.cas === undefined ? {} : { cas: options.cas };
    return this.#wildly(
      () => super.put(key, value, cas),
      (done) => (done ? [{ key, value }] : []),
    );
  }

  override txn(...[ops]: Parameters<MemoryConsul["txn"]>): ReturnType<MemoryConsul["txn"]> {
    return this.#wildly(
      () => super.txn(ops),
      (done) => (done === "done" ? ops.flatMap((op) => ("value" in op ? [op] : [])) : []),
    );
  }

  async #wildly<T>(
    call: () => Promise<Result<T, ConsulFailure>>,
    storedBy: (done: T) => readonly { readonly key: string; readonly value: string }[],
  ): Promise<Result<T, ConsulFailure>> {
    const late = randomBelow(this.random, 20) === 0 ? seconds(8) : 0;
    const [before, after] = [late + randomBelow(this.random, 40), randomBelow(this.random, 40)];
    const fate = randomBelow(this.random, 8);
    await sleep(this.clock, millis(before));
    if (fate === 0) return err(FAILED);
    const done = await call();
    if (done.ok) for (const { key, value } of storedBy(done.value)) this.stored.push({ key, value });
    await sleep(this.clock, millis(after));
    return fate === 1 ? err(FAILED) : done;
  }
}

for (let seed = 1; seed <= 20; seed++)
  test(`whatever fails and whatever passes what, no process's status goes back, and all are told once, seed ${seed}`, async () => {
    const consul = (clock: ConstructorParameters<typeof MemoryConsul>[0]) => new WildConsul(clock);
    const { clock, link, bridge, consul: made } = await world({ services: [] }, undefined, consul);
    const wild = made as WildConsul;
    const random = seededRandom(seed);
    wild.random = seededRandom(seed + 1000);
    const links = Array.from({ length: PROCESSES }, (_, i) => link.connect(`l${i}`, 1000 + i));
    const newest = new Map<string, number>();
    for (let n = 1; n <= EVENTS; n++) {
      const i = randomBelow(random, PROCESSES);
      const key = `processes/${formatFid(r(1000 + i))}`;
      const owed = { link: links[i] as (typeof links)[number], tag: BigInt(2 * n), at: clock.monotonic() };
      expect(bridge.storer.offer(key, String(n), owed)).toBe(true);
      newest.set(key, n);
      if (randomBelow(random, 4) === 0) await clock.advance(millis(randomBelow(random, 60)));
    }
    await clock.advance(seconds(300));
    const last = new Map<string, number>();
    for (const { key, value } of wild.stored) {
      expect(Number(value)).toBeGreaterThanOrEqual(last.get(key) ?? 0);
      last.set(key, Number(value));
    }
    expect(last).toEqual(newest);
    expect(link.acknowledged.map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: EVENTS }, (_, i) => 2 * (i + 1)),
    );
    expect(bridge.storer.book.waiting).toBe(0);
  });
