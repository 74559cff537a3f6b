import { systemClock } from "@tandem/base";
import { askEntrypoint } from "../ask-entrypoint.js";
import { haxName } from "../cluster.js";
import { NODES, rmOf } from "../plan.js";
import { checkPromises, notOnline, unquiet, untilAllOnline, untilQuiet } from "../promises.js";
import type { DemoStep } from "../step.js";
import { leaderOf } from "./start.js";

export const failoverStep: DemoStep = {
  name: "failover",
  title: "The leader's hax dies: another node leads, and entrypoints name its RM",
  async run(cluster, report, { patience }) {
    const leader = await leaderOf(cluster);
    const old = NODES.find(({ name }) => name === leader);
    report.check(old !== undefined, "a node leads at the beginning", "nobody does");
    if (old === undefined) return;
    report.say(`kill -9 of the hax of ${old.name}, which leads`);
    const killed = systemClock.monotonic();
    await cluster.end(haxName(old.name), "SIGKILL");
    const gone = await cluster.until(patience, async () => (await leaderOf(cluster)) === undefined);
    report.fact("session_gone", gone, "ms", "from the kill until Consul ends its session");
    report.say("nobody leads; a client asks each of the two other hax for an entrypoint");
    const limit = AbortSignal.any([cluster.signal, AbortSignal.timeout(patience)]);
    const others = NODES.filter((node) => node !== old);
    const asked = await Promise.all(
      others.map(({ name }) =>
        askEntrypoint(cluster.linkOf(name), ({ rm }) => rm !== undefined && rm !== rmOf(old.name), limit),
      ),
    );
    const next = (await leaderOf(cluster)) ?? "nobody";
    report.fact(
      "served_again",
      systemClock.monotonic() - killed,
      "ms",
      "from the kill until the last client is told the new RM",
    );
    report.say(`${next} leads now`);
    report.check(next !== old.name && next !== "nobody", `another node than ${old.name} leads`, `${next} does`);
    const again = asked.filter(([first]) => first?.rm === undefined).length;
    report.fact(
      "told_to_ask_again",
      asked.flat().filter(({ rm }) => rm === undefined).length,
      "count",
      "times that they were told to ask again (EAGAIN) in between",
    );
    report.check(again === 2, "while nobody leads both are told to ask again, at once", `${again} of 2 were`);
    const named = asked.filter((replies) => replies.at(-1)?.rm === rmOf(next)).length;
    report.check(named === 2, `both clients are told the RM of ${next}, ${rmOf(next)}`, `${named} of 2 were`);
    report.say(`starts the hax of ${old.name} again`);
    const started = systemClock.monotonic();
    await cluster.startHax(old);
    const quiet = await untilQuiet(cluster, patience);
    report.fact(
      "linked_again",
      systemClock.monotonic() - started,
      "ms",
      `from its start until the processes of ${old.name} are linked again`,
    );
    report.check(quiet !== undefined, "every process has a hax again, and nothing is owed", unquiet(cluster));
    const all = await untilAllOnline(cluster, patience);
    report.check(all !== undefined, "everybody knows all nine as ONLINE", notOnline(cluster));
    await checkPromises(cluster, report);
  },
};
