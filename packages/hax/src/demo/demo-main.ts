import { millis, seconds, systemClock, untilAborted } from "@tandem/base";
import { watchForEnd } from "@tandem/daemon";
import { DemoCluster } from "./cluster.js";
import { DEMO_HELP, type DemoFlags, parseDemoFlags } from "./demo-flags.js";
import { NODES } from "./plan.js";
import { type DemoReceipt, formatReceipt, isGood, receiptJson } from "./receipt.js";
import { type DemoEvent, runSteps, STEPS } from "./run-demo.js";
import { startStep } from "./steps/start.js";
import { stopStep } from "./steps/stop.js";

/** Where a demo's output goes, and what it has of the world. */
export interface DemoOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  out(line: string): void;
  complain(line: string): void;
  /** Whether `out` shows colours. */
  readonly colours: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

const LOAD = seconds(6);
const PATIENCE = seconds(90);
const WHO = "tandem hax demo";

/** Runs `tandem hax demo`; gives the exit code: 0 every promise was kept, 1 not, 2 wrong usage. */
export async function haxDemoMain(argv: readonly string[], options: DemoOptions): Promise<number> {
  const { out, complain } = options;
  const flags = parseDemoFlags(argv);
  if (!flags.ok) {
    complain(`${WHO}: ${flags.error}; try --help`);
    return 2;
  }
  if (flags.value === "help") {
    out(DEMO_HELP.trimEnd());
    return 0;
  }
  using ending = watchForEnd(WHO, options.signal, complain);
  try {
    return isGood(await run(flags.value, options, ending.signal)) ? 0 : 1;
  } catch (error) {
    const ended = ending.signal.aborted;
    complain(`${WHO}: ${ended ? "ended before it was over; nothing is left running" : (error as Error).message}`);
    return 1;
  }
}

async function run(flags: DemoFlags, options: DemoOptions, signal: AbortSignal): Promise<DemoReceipt> {
  const { out, env, tandem } = options;
  const strong = (text: string): string => (options.colours ? `\u001b[1m${text}\u001b[22m` : text);
  const from = systemClock.monotonic();
  const say = (line: string): void => {
    if (!flags.json) out(line);
  };
  const tell = (event: DemoEvent): void => {
    say(eventText(event, strong));
  };
  // What ends the steps does not end the end.
  await using cluster = await DemoCluster.create({ tandem, env, alwaysDouble: flags.double, signal });
  const { consul } = cluster;
  say(strong("Three nodes of storage on this machine: hax between Consul and nine Motr processes"));
  say(`Consul: ${consul.what}`);
  const settings = { outage: flags.outage, load: LOAD, patience: PATIENCE };
  const chosen = STEPS.filter(({ name }) => flags.steps.includes(name));
  const results = [...(await runSteps(cluster, [startStep, ...chosen], settings, { from, before: 0, tell }))];
  if (!flags.once) {
    printReceipt(
      flags,
      options,
      { consul: consul.what, steps: results, took: millis(systemClock.monotonic() - from) },
      strong,
    );
    for (const line of addresses(cluster)) say(line);
    await untilAborted(signal);
    await runSteps(cluster, [stopStep], settings, { from, before: results.length, tell });
    say("\nended; nothing is left running");
    return { consul: consul.what, steps: results, took: millis(0) };
  }
  results.push(...(await runSteps(cluster, [stopStep], settings, { from, before: results.length, tell })));
  const receipt = { consul: consul.what, steps: results, took: millis(systemClock.monotonic() - from) };
  printReceipt(flags, options, receipt, strong);
  return receipt;
}

function printReceipt(
  { json }: DemoFlags,
  { out }: DemoOptions,
  receipt: DemoReceipt,
  strong: (text: string) => string,
): void {
  out(json ? receiptJson(receipt) : `\n${formatReceipt(receipt, strong)}`);
}

function addresses(cluster: DemoCluster): readonly string[] {
  const lines = NODES.flatMap(({ name }) => [
    `  ${name}  Consul ${cluster.consul.urlOf(name).href}   hax ${cluster.haxUrl(name).href}   links ${cluster.linkOf(name)}`,
  ]);
  return [
    ...["", "it stays up until Ctrl-C; ask it, e.g.", `  tandem hax show --hax ${cluster.haxUrl("b1").href}`, ""],
    ...lines,
    `  logs  ${cluster.folder}/*.log`,
  ];
}

/** An event as people read it while it happens. */
function eventText(event: DemoEvent, strong: (text: string) => string): string {
  switch (event.kind) {
    case "step":
      return `\n${strong(`${event.number}. ${event.title}`)}`;
    case "say":
      return `${stamp(event.ms)}  ${event.text}`;
    case "broken":
      return `${stamp(event.ms)}  NO: ${event.check.text}: ${event.check.instead ?? ""}`;
    case "done":
      return `${stamp(event.ms)}  ${event.kept} of ${event.of} promises kept`;
  }
}

const stamp = (ms: number): string => `${(ms / 1000).toFixed(2).padStart(7)} s`;
