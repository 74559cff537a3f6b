import { pick, randomBelow, seconds, seededRandom } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { parseServicePath } from "../service-path.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import type { Swbusd } from "./swbusd.js";

/** Some nodes, some of them linked, and what happens to them. */
async function weather(seed: number) {
  const random = seededRandom(seed);
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const world = new SwbusWorld({ clock, busOf: (host) => network.bus(host), random });
  const count = 3 + randomBelow(random, 5);
  const names = Array.from({ length: count }, (_, i) => i);
  const host = (i: number): string => `10.0.0.${i + 1}`;
  const at = (i: number): string => `${host(i)}:50`;
  const density = random.next();
  const linked = new Set<string>();
  for (const i of names)
    for (const j of names) if (i < j && (j === i + 1 || random.next() < density)) linked.add(`${i}-${j}`);
  const isLinked = (i: number, j: number): boolean => linked.has(i < j ? `${i}-${j}` : `${j}-${i}`);
  const cut = new Set<string>();
  const running = new Map<number, { daemon: Swbusd; kill: () => void }>();

  const start = async (i: number): Promise<void> => {
    const bus = network.bus(host(i));
    const peers = names.filter((j) => isLinked(i, j)).map((j): [string, "inCluster"] => [at(j), "inCluster"]);
    const daemon = await world.swbusd(swbusConfig(at(i), [`r.c.n${i}`], Object.fromEntries(peers)), bus);
    running.set(i, { daemon, kill: () => bus.abandon() });
  };
  for (const i of names) await start(i);

  const step = async (): Promise<void> => {
    const i = pick(random, names);
    switch (randomBelow(random, 4)) {
      case 0: {
        running.get(i)?.kill();
        running.delete(i);
        break;
      }
      case 1:
        if (!running.has(i)) await start(i);
        break;
      case 2: {
        const link = pick(random, [...linked]);
        const [a, b] = link.split("-").map(Number) as [number, number];
        network.cut(host(a), host(b));
        cut.add(link);
        break;
      }
      default: {
        const link = pick(random, [...cut, ...linked]);
        const [a, b] = link.split("-").map(Number) as [number, number];
        network.heal(host(a), host(b));
        cut.delete(link);
      }
    }
    await clock.advance(seconds(random.next() * 5));
  };

  /** Hops from `i` to each node that can be reached. */
  const distances = (i: number): Map<number, number> => {
    const found = new Map([[i, 0]]);
    for (const [node, hops] of found)
      for (const j of names)
        if (
          !found.has(j) &&
          running.has(j) &&
          isLinked(node, j) &&
          !cut.has(node < j ? `${node}-${j}` : `${j}-${node}`)
        )
          found.set(j, hops + 1);
    found.delete(i);
    return found;
  };
  return { clock, world, running, step, distances };
}

/** Longest time from the last event to steady routes: silence, then one hold-down for each hop, and re-dialing. */
const SETTLED = seconds(3 + 8 + 2);

for (let seed = 1; seed <= 40; seed++)
  test(`after any weather each node knows exactly whom it can reach, by the shortest way, seed ${seed}`, async () => {
    const { clock, world, running, step, distances } = await weather(seed);
    await using _ = world;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 6; i++) await step();
      await clock.advance(SETTLED);
      for (const [i, { daemon }] of running) {
        const known = new Map<string, number>();
        for (const { path, hops } of daemon.routes())
          known.set(path.toString(), Math.min(hops, known.get(path.toString()) ?? 99));
        const expected = new Map(
          [...distances(i)].map(([j, hops]) => [parseServicePath(`r.c.n${j}`).toString(), hops]),
        );
        expect([...known].sort(), `node ${i}, round ${round}`).toEqual([...expected].sort());
      }
    }
  });
