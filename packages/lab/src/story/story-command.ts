import type { ScenarioStep } from "@tandem/base/testing";
import type { StoryStage } from "./story-stage.js";
import type { StoryWords } from "./story-words.js";

/** Carries a command out; gives the lines that it prints. */
export type StoryAct = (stage: StoryStage, step: ScenarioStep) => Promise<readonly string[]>;

/** One command of stories. */
export interface StoryCommand {
  readonly name: string;
  /** Its words, as docs/stories.md shows them: capitals stand for names, `|` for a choice, `[]` for what may be missing. */
  readonly takes: string;
  readonly does: string;
  /** Reads the words; throws `StoryError` saying what was expected. Nothing is carried out yet. */
  readonly read: (words: StoryWords) => StoryAct;
}
