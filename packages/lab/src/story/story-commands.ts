import type { ScenarioStep } from "@tandem/base/testing";
import type { Topology } from "../topology.js";
import { CONTROLLER_COMMANDS } from "./commands/controller-commands.js";
import { FAULT_COMMANDS } from "./commands/fault-commands.js";
import { SHOW_COMMANDS } from "./commands/show-commands.js";
import { WAIT_COMMANDS } from "./commands/wait-commands.js";
import type { StoryAct, StoryCommand } from "./story-command.js";
import { StoryError } from "./story-error.js";
import { StoryWords } from "./story-words.js";

/** Every command of stories, by theme. */
export const STORY_COMMANDS: ReadonlyMap<string, readonly StoryCommand[]> = new Map([
  ["The controller", CONTROLLER_COMMANDS],
  ["Faults", FAULT_COMMANDS],
  ["Waiting and counting", WAIT_COMMANDS],
  ["Looking", SHOW_COMMANDS],
]);

const BY_NAME = new Map([...STORY_COMMANDS.values()].flat().map((command) => [command.name, command]));

/** One command of a story, ready to be carried out. Throws `StoryError` where it is none, or not for this cluster. */
export function readCommand(topology: Topology, step: Pick<ScenarioStep, "words" | "options">): StoryAct {
  const [name = ""] = step.words;
  const command = BY_NAME.get(name);
  if (command === undefined) {
    throw new StoryError(`${name}: no such command; there are ${[...BY_NAME.keys()].sort().join(", ")}`);
  }
  const words = new StoryWords(topology, step);
  try {
    const act = command.read(words);
    words.end();
    return act;
  } catch (error) {
    if (!(error instanceof StoryError)) throw error;
    throw new StoryError(`${error.message}; usage: ${`${name} ${command.takes}`.trimEnd()}`);
  }
}
