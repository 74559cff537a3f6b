import { type Millis, sleep, systemClock } from "@tandem/base";
import type { DemoCluster } from "./cluster.js";
import { PROCESSES_OF_ALL } from "./plan.js";

/** Every process tells four events every `every`, as if it were restarted, until `until` resolves. */
export async function loadWhile(cluster: DemoCluster, every: Millis, until: Promise<unknown>): Promise<void> {
  let done = false;
  const finished = until.finally(() => {
    done = true;
  });
  while (!done) {
    for (const { name } of PROCESSES_OF_ALL) if (cluster.ledger(name).linked) cluster.signalTo(name, "SIGHUP");
    await Promise.race([sleep(systemClock, every, cluster.signal), finished]);
  }
  await finished;
}

/** Events that were told, and those that were told once more because nobody had said that they are safe. */
export function eventsOf(cluster: DemoCluster): { readonly sent: number; readonly repeats: number } {
  const ledgers = PROCESSES_OF_ALL.map(({ name }) => cluster.ledger(name));
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);
  return { sent: sum(ledgers.map(({ sent }) => sent.length)), repeats: sum(ledgers.map(({ repeats }) => repeats)) };
}
