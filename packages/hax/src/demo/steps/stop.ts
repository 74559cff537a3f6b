import { systemClock } from "@tandem/base";
import { isAlive } from "../is-alive.js";
import { eventOf } from "../judge.js";
import { PROCESSES_OF_ALL } from "../plan.js";
import type { DemoStep } from "../step.js";

export const stopStep: DemoStep = {
  name: "stop",
  title: "Everything ends: processes say that they stop, and nothing is left running",
  async run(cluster, report) {
    report.say("SIGTERM to the nine processes, then to the three hax, then to Consul");
    const pids = cluster.processes.map(({ pid }) => pid);
    const began = systemClock.monotonic();
    const ends = await cluster.stop();
    report.fact("ended", systemClock.monotonic() - began, "ms", "until all twelve have ended");
    const unclean = ends.filter(({ code }) => code !== 0).map(({ name, code }) => `${name} with ${code}`);
    report.check(unclean.length === 0, `all ${ends.length} end with exit code 0`, unclean.join(", "));
    const stored = await cluster.stored.read();
    const other = PROCESSES_OF_ALL.filter(({ fidText }) => eventOf(stored?.get(fidText)) !== "STOPPED");
    report.check(other.length === 0, "Consul holds STOPPED of all nine", other.map(({ name }) => name).join(", "));
    await cluster.consul.stop();
    const left = pids.filter(isAlive);
    report.check(left.length === 0, `none of ${pids.length} processes is left`, `pids ${left.join(", ")} are`);
  },
};
