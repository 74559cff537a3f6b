import { systemClock } from "@tandem/base";
import type { DemoCluster } from "../cluster.js";
import { type DemoProcess, PROCESSES_OF_ALL } from "../plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "../promises.js";
import type { DemoStep } from "../step.js";

/** An ios: no election depends on it. */
const VICTIM = PROCESSES_OF_ALL.find(({ name }) => name === "b2.ios2") as DemoProcess;
const OTHERS = PROCESSES_OF_ALL.filter((process) => process !== VICTIM);

export const crashStep: DemoStep = {
  name: "crash",
  title: "A process crashes: everybody else is told",
  async run(cluster, report, { patience }) {
    report.say(`kill -9 of ${VICTIM.name}`);
    const killed = systemClock.now();
    await cluster.end(VICTIM.name, "SIGKILL");
    await cluster.until(patience, () => toldOf(cluster, "FAILED", killed).length === OTHERS.length);
    const failed = toldOf(cluster, "FAILED", killed);
    const noticed = cluster.checks.find(
      ({ id, status, at }) => at >= killed && id === idOf(VICTIM) && status === "critical",
    );
    report.fact(
      "check_critical",
      since(noticed?.at, killed),
      "ms",
      "from the kill until Consul's check is critical; it is looked at twice a second",
    );
    report.fact("first_told", since(failed[0], killed), "ms", "from the kill until the first process is told FAILED");
    report.fact("last_told", since(failed.at(-1), killed), "ms", "from the kill until the last process is told FAILED");
    report.fact(
      "from_check",
      between(noticed?.at, failed.at(-1)),
      "ms",
      "of that from Consul's check to the last process",
    );
    report.check(failed.length === 8, "all eight others are told, on every node", `${failed.length} of 8 are`);
    report.say(`starts ${VICTIM.name} again`);
    const started = systemClock.now();
    cluster.startM0d(VICTIM);
    await cluster.until(patience, () => toldOf(cluster, "ONLINE", started).length === OTHERS.length);
    const online = toldOf(cluster, "ONLINE", started);
    report.fact(
      "online_again",
      since(online.at(-1), started),
      "ms",
      "from its start until the last process is told ONLINE",
    );
    const quiet = await untilQuiet(cluster, patience);
    report.check(quiet !== undefined, `${VICTIM.name} serves again, and Consul says so`, unquiet(cluster));
    const all = await untilAllOnline(cluster, patience);
    report.check(all !== undefined, "everybody knows all nine as ONLINE", notOnline(cluster));
    await checkPromises(cluster, report);
  },
};

const idOf = ({ fid }: DemoProcess): string => String(fid.key);
const since = (at: number | undefined, from: number): number | undefined => (at === undefined ? undefined : at - from);
const between = (from: number | undefined, at: number | undefined): number | undefined =>
  from === undefined || at === undefined ? undefined : Math.max(0, at - from);

/** When each other process was first told that of the victim, in order of time. */
function toldOf(cluster: DemoCluster, state: string, from: number): readonly number[] {
  const times = OTHERS.map(({ name }) => cluster.ledger(name).toldAt(VICTIM.fidText, state, from));
  return times.filter((at) => at !== undefined).sort((a, b) => a - b);
}
