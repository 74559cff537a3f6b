import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseScenario, type ScenarioStep } from "@tandem/base/testing";
import type { Topology } from "../topology.js";
import { readCommand } from "./story-commands.js";
import { StoryError } from "./story-error.js";

/** Folder of the built-in stories. */
export const STORIES_FOLDER = fileURLToPath(new URL("../../stories/", import.meta.url));

/** Size of a cluster. */
export interface ClusterSize {
  readonly switches: number;
  readonly dpus: number;
}

/** A story as written: who reads it sees its title first. */
export interface Story {
  /** Name of a built-in one, else its path. */
  readonly name: string;
  readonly path: string;
  /** First sentence of the file's first comment. */
  readonly title: string;
  /** The cluster that its answers were recorded on: a comment line `# switches=2 dpus=2`; default 2 switches of 1 DPU. */
  readonly size: ClusterSize;
  readonly steps: readonly ScenarioStep[];
}

const SIZE_DEFAULT: ClusterSize = { switches: 2, dpus: 1 };

/** Names of the built-in stories: `default` first, the others by number. */
export function storyNames(): string[] {
  const rank = (name: string): number => Number(/^\d+/.exec(name)?.[0] ?? 0);
  return readdirSync(STORIES_FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => file.slice(0, -".txt".length))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** A built-in story by name, or any file. Throws when the file cannot be read. */
export function loadStory(nameOrPath: string): Story {
  const builtIn = storyNames().includes(nameOrPath);
  const path = builtIn ? `${STORIES_FOLDER}${nameOrPath}.txt` : nameOrPath;
  return parseStory(nameOrPath, path, readFileSync(path, "utf8"));
}

export function parseStory(name: string, path: string, text: string): Story {
  const { preamble, steps } = parseScenario(text);
  const about = paragraphs(preamble)[0] ?? name;
  const size = /^# switches=(\d+) dpus=(\d+)$/m.exec(preamble);
  return {
    name,
    path,
    title: /^.*?\.(?= |$)/.exec(about)?.[0] ?? about,
    size: size === null ? SIZE_DEFAULT : { switches: Number(size[1]), dpus: Number(size[2]) },
    steps,
  };
}

/** The comment right before a step is the title of the stage that begins there. */
export function stageTitle(step: Pick<ScenarioStep, "before">, isFirst: boolean): string | undefined {
  const comments = paragraphs(step.before);
  return isFirst && comments.length < 2 ? undefined : comments.at(-1);
}

/** What is wrong with a story on that cluster, one line each; nothing is carried out. */
export function checkStory(story: Story, topology: Topology): readonly string[] {
  if (story.steps.length === 0) return [`${story.path}: no command in it`];
  return story.steps.flatMap((step) => {
    try {
      readCommand(topology, step);
      return [];
    } catch (error) {
      if (!(error instanceof StoryError)) throw error;
      return [`${story.path}:${step.line}: ${error.message}`];
    }
  });
}

/** Comment paragraphs as one line each. */
function paragraphs(comment: string): string[] {
  return comment
    .split(/\n(?:\s*\n)+/)
    .map((paragraph) =>
      paragraph
        .split("\n")
        .filter((line) => line.startsWith("#") && !/^# switches=/.test(line))
        .map((line) => line.replace(/^#+\s*/, ""))
        .join(" ")
        .trim(),
    )
    .filter((paragraph) => paragraph !== "");
}
