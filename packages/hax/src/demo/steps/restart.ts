import { millis, seconds, sleep, systemClock } from "@tandem/base";
import { haxName } from "../cluster.js";
import { eventsOf, loadWhile } from "../load.js";
import { NODES } from "../plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "../promises.js";
import type { DemoStep } from "../step.js";

/** Nine processes tell four events each so often. */
const EVENTS_EVERY = seconds(0.2);

export const restartStep: DemoStep = {
  name: "restart",
  title: "hax is restarted under load: once killed, once ended cleanly",
  async run(cluster, report, { load, patience }) {
    const [killed, ended] = NODES;
    if (killed === undefined || ended === undefined) return;
    const before = eventsOf(cluster);
    const began = systemClock.monotonic();
    let code: number | null = null;
    const restarts = async (): Promise<void> => {
      await sleep(systemClock, millis(load / 3), cluster.signal);
      report.say(`kill -9 of the hax of ${killed.name}, and its start again`);
      const at = systemClock.monotonic();
      await cluster.end(haxName(killed.name), "SIGKILL");
      await cluster.startHax(killed);
      await cluster.until(patience, () => killed.processes.every(({ name }) => cluster.ledger(name).linked));
      report.fact(
        "away_after_kill",
        systemClock.monotonic() - at,
        "ms",
        `from the kill until the processes of ${killed.name} are linked again`,
      );
      await sleep(systemClock, millis(load / 3), cluster.signal);
      report.say(`SIGTERM to the hax of ${ended.name}, and its start again`);
      const asked = systemClock.monotonic();
      code = await cluster.end(haxName(ended.name), "SIGTERM");
      report.fact("clean_end", systemClock.monotonic() - asked, "ms", "for the clean end: links told, puts flushed");
      await cluster.startHax(ended);
      await sleep(systemClock, millis(load / 3), cluster.signal);
    };
    report.say(`load: nine processes tell ${(9 * 4 * 1000) / EVENTS_EVERY} events in a second`);
    await loadWhile(cluster, EVENTS_EVERY, restarts());
    const took = systemClock.monotonic() - began;
    const quiet = await untilQuiet(cluster, patience);
    const after = eventsOf(cluster);
    report.fact("events", after.sent - before.sent, "count", `events told in ${(took / 1000).toFixed(1)} s`);
    report.fact(
      "repeats",
      after.repeats - before.repeats,
      "count",
      "of them told once more, as the hax that had them was gone",
    );
    report.fact("drained", quiet, "ms", "from the end of the load until nothing is owed");
    report.check(code === 0, "the clean end has exit code 0", `it was ${code}`);
    report.check(
      quiet !== undefined,
      "every process is linked, every event acknowledged, the newest of each stored",
      unquiet(cluster),
    );
    const all = await untilAllOnline(cluster, patience);
    report.check(all !== undefined, "everybody knows all nine as ONLINE", notOnline(cluster));
    await checkPromises(cluster, report);
  },
};
