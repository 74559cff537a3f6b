import type { ScenarioStep } from "@tandem/base/testing";
import type { DpuPlace, HaSetPlace, SwitchPlace, Topology } from "../topology.js";
import { StoryError } from "./story-error.js";

/** The words of one command, read from left to right. Each reader throws `StoryError` with what it expected. */
export class StoryWords {
  readonly #topology: Topology;
  readonly #words: readonly string[];
  readonly #options: ReadonlyMap<string, string>;
  readonly #read = new Set<string>();
  #at = 0;

  /** `step.words` starts with the command's name. */
  constructor(topology: Topology, step: Pick<ScenarioStep, "words" | "options">) {
    this.#topology = topology;
    this.#words = step.words.slice(1);
    this.#options = new Map(Object.entries(step.options));
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** Whether another word follows. */
  get more(): boolean {
    return this.#at < this.#words.length;
  }

  dpu(): DpuPlace {
    return this.dpuNamed(this.#next("a DPU or vDPU", this.#dpuExample));
  }

  /** A DPU by its own name or that of its vDPU. */
  dpuNamed(word: string): DpuPlace {
    const dpu = this.#topology.dpus.find((place) => place.name === word || place.vdpuId === word);
    if (dpu === undefined) throw expected(word, "a DPU or vDPU", this.#dpuExample);
    return dpu;
  }

  switch(): SwitchPlace {
    const word = this.#next("a switch", "sw0");
    const sw = this.#topology.switches.find((place) => place.name === word);
    if (sw === undefined) throw expected(word, "a switch", "sw0");
    return sw;
  }

  /** A switch or a DPU: whose Redis, whose rows. */
  owner(): SwitchPlace | DpuPlace {
    const word = this.#next("a switch or a DPU", "sw0");
    return this.#topology.switches.find((place) => place.name === word) ?? this.dpuNamed(word);
  }

  haSet(): HaSetPlace {
    const example = this.#topology.haSets[0]?.id ?? "haset0-0";
    const word = this.#next("an HA set", example);
    const set = this.#topology.haSets.find((place) => place.id === word);
    if (set === undefined) throw expected(word, "an HA set", example);
    return set;
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const list = choices.join(" or ");
    const word = this.#next(list);
    const choice = choices.find((candidate) => candidate === word);
    if (choice === undefined) throw expected(word, list);
    return choice;
  }

  /** Any word, e.g. a row's key. */
  any(what: string): string {
    return this.#next(what);
  }

  /** What `read` gives for every word that is left; at least `min` of them. */
  each<T>(read: () => T, min = 0): readonly T[] {
    const values: T[] = [];
    while (this.more || values.length < min) values.push(read());
    return values;
  }

  /** A whole number from 0, or `absent`. */
  count(name: string, absent: number): number {
    this.#read.add(name);
    const text = this.#options.get(name);
    if (text === undefined) return absent;
    if (!/^\d{1,9}$/.test(text)) throw expected(`${name}=${text}`, "a whole number");
    return Number(text);
  }

  option<T extends string>(name: string, choices: readonly T[], absent: T): T {
    this.#read.add(name);
    const text = this.#options.get(name);
    if (text === undefined) return absent;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw expected(`${name}=${text}`, choices.join(" or "));
    return choice;
  }

  /** Every `name=value` that was written; at least one. */
  options(what: string): readonly (readonly [name: string, value: string])[] {
    if (this.#options.size === 0) throw new StoryError(`nothing is given: expected ${what}`);
    for (const name of this.#options.keys()) this.#read.add(name);
    return [...this.#options];
  }

  /** Throws where anything is left that nobody read. */
  end(): void {
    const word = this.#words[this.#at];
    if (word !== undefined) throw expected(word, "nothing more");
    for (const [name, value] of this.#options) {
      if (!this.#read.has(name)) throw expected(`${name}=${value}`, "no such option");
    }
  }

  get #dpuExample(): string {
    return this.#topology.dpus[0]?.name ?? "sw0_dpu0";
  }

  #next(what: string, example?: string): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw expected("the end of the line", what, example);
    this.#at += 1;
    return word;
  }
}

export function expected(found: string, what: string, example?: string): StoryError {
  return new StoryError(`${found}: expected ${what}${example === undefined ? "" : `, e.g. ${example}`}`);
}
