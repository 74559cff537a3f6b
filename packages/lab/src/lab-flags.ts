import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import { parseScenario, type ScenarioStep } from "@tandem/base/testing";
import { ISOLATIONS, type Isolation } from "./cluster/cluster-host.js";
import { RELAYED_DPUS_MAX } from "./cluster/process-cluster.js";
import { PROCESS_DPUS_MAX } from "./story/isolations.js";
import { checkStory, loadStory, type Story, storyNames } from "./story/load-story.js";
import { readCommand } from "./story/story-commands.js";
import { StoryError } from "./story/story-error.js";
import { DPUS_PER_SWITCH_MAX, planTopology, type Topology } from "./topology.js";

export const HELP = `Usage: tandem lab [options]

A cluster of real processes on this machine, and a story walked through it.

      --switches N         switches, 1 to 8; default: as the story was recorded, 2
      --dpus N             DPUs of each switch, 1 to 8; default: as the story was recorded, 1
      --isolation MODE     process: every daemon of every slot is a process of its own (default up to 4 DPUs);
                           switch: one process of each kind serves all slots of a switch
      --scenario NAME      a built-in story, or a file; default: default
      --list               the built-in stories
      --once               end after the story, with a receipt; without it the cluster stays up until Ctrl-C
      --fault "COMMAND"    a story command to carry out after the story, e.g. "kill hamgrd sw0_dpu0"; may be repeated
      --plain              lines as they come, also on a terminal, instead of a table that redraws
      --json               one JSON object a line instead of text
  -h, --help               this text

Stories and their commands: docs/stories.md. Exit code 0: the story was told as recorded and no invariant was violated.
`;

export const SWITCHES_MAX = 8;
/** Up to this many DPUs each daemon has a process of its own by default. */
const PROCESS_DEFAULT_MAX = 4;
export interface LabFlags {
  readonly switches: number;
  readonly dpus: number;
  readonly isolation: Isolation;
  readonly story: Story;
  /** Whether the cluster is of the size that the story's answers were recorded on. */
  readonly compares: boolean;
  readonly once: boolean;
  readonly json: boolean;
  readonly plain: boolean;
  readonly faults: readonly ScenarioStep[];
}

/** Reads the command line; every story command in it is checked against the cluster that it is for. */
export function parseFlags(argv: readonly string[]): Result<LabFlags | "help" | "list" | "list as JSON", string> {
  const parsed = parse(argv);
  if (!parsed.ok) return parsed;
  const values = parsed.value;
  if (values.help) return ok("help");
  if (values.list) return ok(values.json ? "list as JSON" : "list");
  const story = readStory(values.scenario ?? "default");
  if (!story.ok) return story;
  const { size } = story.value;
  const switches = parseCount("--switches", values.switches, size.switches, SWITCHES_MAX);
  if (!switches.ok) return switches;
  const dpus = parseCount("--dpus", values.dpus, size.dpus, DPUS_PER_SWITCH_MAX);
  if (!dpus.ok) return dpus;
  const isolation = parseIsolation(values.isolation, switches.value * dpus.value);
  if (!isolation.ok) return isolation;
  const topology = planTopology({ switches: switches.value, dpusPerSwitch: dpus.value });
  const wrong = unfit(story.value, topology);
  if (wrong !== undefined) return err(wrong);
  const faults = parseFaults(values.fault ?? [], topology);
  if (!faults.ok) return faults;
  const cut = [...story.value.steps, ...faults.value].find(({ words }) => words[0] === "link");
  if (cut !== undefined && topology.dpus.length > RELAYED_DPUS_MAX) {
    return err(
      `${cut.command}: links can be cut with at most ${RELAYED_DPUS_MAX} DPUs, here are ${topology.dpus.length}`,
    );
  }
  return ok({
    switches: switches.value,
    dpus: dpus.value,
    isolation: isolation.value,
    story: story.value,
    compares: switches.value === size.switches && dpus.value === size.dpus,
    once: values.once ?? false,
    json: values.json ?? false,
    plain: values.plain ?? false,
    faults: faults.value,
  });
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        switches: { type: "string" },
        dpus: { type: "string" },
        isolation: { type: "string" },
        scenario: { type: "string" },
        list: { type: "boolean" },
        once: { type: "boolean" },
        fault: { type: "string", multiple: true },
        json: { type: "boolean" },
        plain: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return ok(values);
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}

function readStory(name: string): Result<Story, string> {
  if (!storyNames().includes(name) && !existsSync(name)) {
    return err(`--scenario ${name}: no such story or file; stories are ${storyNames().join(", ")}`);
  }
  try {
    return ok(loadStory(name));
  } catch (error) {
    return err(`--scenario ${name}: ${(error as Error).message}`);
  }
}

/** Why the story cannot be told on that cluster: its own mistake, or a size that it was not written for. */
function unfit(story: Story, topology: Topology): string | undefined {
  const [wrong, ...others] = checkStory(story, topology);
  if (wrong === undefined) return undefined;
  const more = others.length === 0 ? wrong : `${wrong} (and ${others.length} more)`;
  const { switches, dpus } = story.size;
  const isItsOwn = checkStory(story, planTopology({ switches, dpusPerSwitch: dpus })).length > 0;
  const size = `--switches ${switches} --dpus ${dpus}`;
  return isItsOwn ? more : `the cluster does not fit story ${story.name}, which was recorded with ${size}: ${more}`;
}

function parseCount(flag: string, text: string | undefined, absent: number, max: number): Result<number, string> {
  if (text === undefined) return ok(absent);
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= max ? ok(count) : err(`${flag} ${text}: expected a number from 1 to ${max}`);
}

function parseIsolation(text: string | undefined, dpus: number): Result<Isolation, string> {
  const isolation =
    text === undefined
      ? dpus <= PROCESS_DEFAULT_MAX
        ? "process"
        : "switch"
      : ISOLATIONS.find((candidate) => candidate === text);
  if (isolation === undefined) return err(`--isolation ${text}: expected ${ISOLATIONS.join(" or ")}`);
  if (isolation === "process" && dpus > PROCESS_DPUS_MAX) {
    return err(`--isolation process: ${dpus} DPUs, expected at most ${PROCESS_DPUS_MAX}; leave it out or say switch`);
  }
  return ok(isolation);
}

function parseFaults(commands: readonly string[], topology: Topology): Result<readonly ScenarioStep[], string> {
  const steps: ScenarioStep[] = [];
  for (const command of commands) {
    const [step, ...more] = parseScenario(command).steps;
    if (step === undefined || more.length > 0) return err(`--fault "${command}": expected one story command`);
    try {
      readCommand(topology, step);
    } catch (error) {
      if (!(error instanceof StoryError)) throw error;
      return err(`--fault "${command}": ${error.message}`);
    }
    steps.push(step);
  }
  return ok(steps);
}
