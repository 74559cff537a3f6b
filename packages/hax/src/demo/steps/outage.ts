import { type Millis, millis, seconds, sleep, systemClock } from "@tandem/base";
import { askEntrypoint } from "../ask-entrypoint.js";
import type { DemoCluster } from "../cluster.js";
import { eventsOf, loadWhile } from "../load.js";
import { NODES, PROCESSES_OF_ALL } from "../plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "../promises.js";
import type { DemoStep } from "../step.js";

/** Each process tells four events so often meanwhile. */
const EVENTS_EVERY = seconds(1);

export const outageStep: DemoStep = {
  name: "outage",
  title: "Consul loses its leader: hax stays, keeps what it is told, and catches up",
  async run(cluster, report, { outage, patience }) {
    const before = { ...eventsOf(cluster), answers: answersOf(cluster) };
    const outages = await sumOf(cluster, "tandem_hax_consul_outages_total");
    const replaced = await sumOf(cluster, "tandem_hax_events_replaced_total");
    report.say(`for ${outage / 1000} s: ${cluster.consul.howLeaderIsLost}`);
    await within(cluster, patience, (limit) => cluster.consul.loseLeader(limit));
    const began = systemClock.monotonic();
    const noticed = await cluster.until(
      patience,
      async () => (await lowestOf(cluster, "tandem_hax_consul_outage_seconds")) > 0,
    );
    report.fact("noticed", noticed, "ms", "until every hax says that there is an outage");
    const left = millis(Math.max(0, outage - (systemClock.monotonic() - began)));
    const asking = askEntrypoint(
      cluster.linkOf("b2"),
      () => true,
      AbortSignal.any([cluster.signal, AbortSignal.timeout(patience)]),
    );
    await loadWhile(cluster, EVENTS_EVERY, sleep(systemClock, left, cluster.signal));
    const [first] = await asking;
    const waiting = await sumOf(cluster, "tandem_hax_events_waiting");
    const kept = eventsOf(cluster);
    const answered = answersOf(cluster) - before.answers;
    report.fact(
      "told_to_ask_again",
      first?.rm === undefined ? first?.took : undefined,
      "ms",
      "until a client that asks for an entrypoint is told to ask again (EAGAIN)",
    );
    report.fact("events", kept.sent - before.sent, "count", "events that processes told meanwhile");
    report.fact("waiting", waiting, "count", "puts wait for Consul at the end, of nine processes");
    report.fact("answers", answered, "count", "questions for states answered meanwhile, from the last good view");
    report.check(
      first !== undefined && first.rm === undefined,
      "entrypoints are refused at once, never from an old view",
      first === undefined ? "no answer" : "one was told",
    );
    report.check(
      waiting <= 2 * PROCESSES_OF_ALL.length,
      "at most two puts of each process wait: one on its way, and the newest",
      `${waiting} wait`,
    );
    report.check(answered > 0, "questions for states are answered all the time", "none was");
    report.say("Consul gets a leader again");
    await within(cluster, patience, (limit) => cluster.consul.regainLeader(limit));
    const quiet = await untilQuiet(cluster, patience);
    report.fact("caught_up", quiet, "ms", "from Consul's first write until it holds the newest event of all nine");
    report.fact(
      "replaced",
      (await sumOf(cluster, "tandem_hax_events_replaced_total")) - replaced,
      "count",
      "events that a newer one of their process replaced",
    );
    report.check(
      quiet !== undefined,
      "every event told meanwhile is acknowledged, the newest of each process is stored",
      unquiet(cluster),
    );
    const alarms = (await sumOf(cluster, "tandem_hax_consul_outages_total")) - outages;
    report.check(
      alarms === NODES.length,
      "each hax told of one outage, not of each failed call",
      `${alarms} were told`,
    );
    const all = await untilAllOnline(cluster, patience);
    report.check(all !== undefined, "everybody knows all nine as ONLINE", notOnline(cluster));
    await checkPromises(cluster, report);
  },
};

/** Does it until `limit` is over; a Consul that is killed meanwhile may never come to that state. */
async function within(
  cluster: DemoCluster,
  limit: Millis,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = AbortSignal.timeout(limit);
  await work(AbortSignal.any([cluster.signal, late])).catch((error) => {
    if (!late.aborted) throw error;
  });
}

const metricsOf = (cluster: DemoCluster, name: string): Promise<readonly number[]> =>
  Promise.all(NODES.map(async (node) => (await cluster.metric(node.name, name)) ?? 0));
const sumOf = async (cluster: DemoCluster, name: string): Promise<number> =>
  (await metricsOf(cluster, name)).reduce((sum, value) => sum + value, 0);
const lowestOf = async (cluster: DemoCluster, name: string): Promise<number> =>
  Math.min(...(await metricsOf(cluster, name)));
const answersOf = (cluster: DemoCluster): number =>
  PROCESSES_OF_ALL.reduce((sum, { name }) => sum + cluster.ledger(name).answers, 0);
