import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseScenario } from "@tandem/base/testing";

/** Folder of the built-in stories. */
export const STORIES_FOLDER = fileURLToPath(new URL("../../stories/", import.meta.url));

/** A story as written: who reads it sees its title first. */
export interface Story {
  readonly name: string;
  readonly path: string;
  /** First comment of the file. */
  readonly title: string;
  readonly steps: ReturnType<typeof parseScenario>["steps"];
}

/** Names of the built-in stories, in order. */
export function storyNames(): string[] {
  return readdirSync(STORIES_FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => file.slice(0, -".txt".length))
    .sort();
}

/** A built-in story by name, or any file. Throws when the file cannot be read. */
export function loadStory(nameOrPath: string): Story {
  const builtIn = storyNames().includes(nameOrPath);
  const path = builtIn ? `${STORIES_FOLDER}${nameOrPath}.txt` : nameOrPath;
  const { preamble, steps } = parseScenario(readFileSync(path, "utf8"));
  const title = preamble.split("\n")[0]?.replace(/^#\s*/, "") ?? nameOrPath;
  return { name: builtIn ? nameOrPath : path, path, title, steps };
}
