import { systemClock } from "@tandem/base";
import { type HostedProcess, watchForEnd } from "@tandem/daemon";
import type { Cluster } from "./cluster/cluster.js";
import { COLOURS, eventJson, eventText, type LabEvent, PLAIN } from "./lab-event.js";
import { HELP, type LabFlags, parseFlags } from "./lab-flags.js";
import { type LabResult, runLab } from "./run-lab.js";
import { loadStory, storyNames } from "./story/load-story.js";
import { type LabTerminal, LiveView } from "./view/live-view.js";

export type { LabTerminal } from "./view/live-view.js";

/** Where a lab's own output goes. */
export interface LabIo {
  out(line: string): void;
  complain(line: string): void;
  /** Whether `out` is a terminal that shows colours; default false. */
  readonly colours?: boolean;
  /** Columns of that terminal. */
  readonly columns?: number;
  /** The terminal behind `out`, where it is one that can be drawn on. */
  readonly terminal?: LabTerminal;
  /** Whether `complain` shows on that terminal too, where it would spoil what is drawn. Default true. */
  readonly complainsThere?: boolean;
}

export interface LabOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly io: LabIo;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Runs `tandem lab`; `argv` is without node, script and `lab`. Gives the exit code: 0 the story was told to its end as
 * recorded, 1 not, 2 wrong usage.
 */
export async function labMain(argv: readonly string[], options: LabOptions): Promise<number> {
  const { io } = options;
  const flags = parseFlags(argv);
  if (!flags.ok) {
    io.complain(`tandem lab: ${flags.error}; try --help`);
    return 2;
  }
  switch (flags.value) {
    case "help":
      io.out(HELP.trimEnd());
      return 0;
    case "list":
      for (const name of storyNames()) io.out(`${name.padEnd(34)}  ${loadStory(name).title}`);
      return 0;
    case "list as JSON": {
      const stories = storyNames().map((name) => ({ name, title: loadStory(name).title }));
      io.out(JSON.stringify({ schema: "tandem.lab-stories.v1", stories }));
      return 0;
    }
    default:
      return run(flags.value, options);
  }
}

async function run(flags: LabFlags, { env, tandem, io, signal }: LabOptions): Promise<number> {
  const draws = io.terminal !== undefined && !flags.json && !flags.plain;
  const view = draws ? new LiveView(io.terminal, systemClock, io.colours === true) : undefined;
  const palette = io.colours === true ? COLOURS : PLAIN;
  const complain = (line: string): void => {
    view?.complain(line);
    if (view === undefined || io.complainsThere === false) io.complain(line);
  };
  using ending = watchForEnd("tandem lab", signal, complain);
  const tell = (event: LabEvent): void => {
    if (view !== undefined) {
      view.tell(event);
      return;
    }
    const line = flags.json ? eventJson(event) : eventText(event, palette, io.columns);
    if (line !== undefined) io.out(line);
  };
  const watch = (cluster: Cluster, processes: () => readonly HostedProcess[]): Disposable => {
    view?.watch(cluster, processes);
    return { [Symbol.dispose]: () => view?.unwatch() };
  };
  try {
    const result = await runLab(flags, { env, tandem, tell, complain, watch, signal: ending.signal });
    if (!flags.once) tell({ kind: "ended" });
    return isGood(result) ? 0 : 1;
  } catch (error) {
    view?.[Symbol.dispose]();
    if (ending.signal.aborted) io.complain("tandem lab: ended before the story was over; nothing is left running");
    else io.complain(`tandem lab: ${(error as Error).message}`);
    return 1;
  } finally {
    view?.[Symbol.dispose]();
  }
}

function isGood({ unexpected, violations, failures }: LabResult): boolean {
  return unexpected === 0 && violations === 0 && failures === 0;
}
