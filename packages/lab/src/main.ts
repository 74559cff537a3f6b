import { watchForEnd } from "./ending.js";
import { COLOURS, eventJson, eventText, type LabEvent, PLAIN } from "./lab-event.js";
import { HELP, type LabFlags, parseFlags } from "./lab-flags.js";
import { type LabResult, runLab } from "./run-lab.js";
import { loadStory, storyNames } from "./story/load-story.js";

/** Where a lab's own output goes. */
export interface LabIo {
  out(line: string): void;
  complain(line: string): void;
  /** Whether `out` is a terminal that shows colours; default false. */
  readonly colours?: boolean;
  /** Columns of that terminal. */
  readonly columns?: number;
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
  const palette = io.colours === true ? COLOURS : PLAIN;
  using ending = watchForEnd(signal, io.complain);
  const tell = (event: LabEvent): void => {
    const line = flags.json ? eventJson(event) : eventText(event, palette, io.columns);
    if (line !== undefined) io.out(line);
  };
  try {
    const result = await runLab(flags, { env, tandem, tell, complain: io.complain, signal: ending.signal });
    if (!flags.once) tell({ kind: "ended" });
    return isGood(result) ? 0 : 1;
  } catch (error) {
    if (ending.signal.aborted) io.complain("tandem lab: ended before the story was over; nothing is left running");
    else io.complain(`tandem lab: ${(error as Error).message}`);
    return 1;
  }
}

function isGood({ unexpected, violations, failures }: LabResult): boolean {
  return unexpected === 0 && violations === 0 && failures === 0;
}
