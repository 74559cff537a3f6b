import { type Millis, seconds, sleep, systemClock } from "@tandem/base";
import { verdictOf } from "../check/verdict.js";

/** Something that Consul has a check of. */
export interface Checked {
  readonly node: string;
  /** Id of its service. */
  readonly id: string;
  /** Pids that live. */
  readonly alive: () => readonly number[];
  /** A process's stored status; nothing for hax itself, which is asked for its health. */
  readonly stored: (() => string | undefined) | undefined;
  readonly health: URL | undefined;
}

const EVERY = seconds(0.5);
/** What did not change is said again after so long: an agent may have forgotten it. */
const AGAIN_AFTER = seconds(5);
/** A process that is gone refuses at once; one on a busy machine takes its time. */
const ANSWER_WITHIN = seconds(5);

/** In place of the scripts that Consul runs every second: says of each process whether it passes, with hax's own rule. */
export class Checker {
  readonly #said = new Map<Checked, { readonly status: string; readonly at: Millis }>();

  constructor(
    private readonly parts: {
      readonly all: readonly Checked[];
      readonly agentOf: (node: string) => URL;
      /** Told when an agent took a status that differs from the one before, with the wall time. */
      readonly onChange: (id: string, status: string, at: Millis) => void;
      readonly signal: AbortSignal;
    },
  ) {}

  /** Until everything ends. */
  async run(): Promise<void> {
    const { all, signal } = this.parts;
    while (!signal.aborted) {
      await Promise.all(all.map((checked) => this.#look(checked)));
      await sleep(systemClock, EVERY, signal).catch(() => {});
    }
  }

  async #look(checked: Checked): Promise<void> {
    const { agentOf, onChange } = this.parts;
    const { verdict: Status, because: Output } = await verdict(checked);
    const before = this.#said.get(checked);
    const now = systemClock.monotonic();
    if (before?.status === Status && now - before.at < AGAIN_AFTER) return;
    const url = new URL(`/v1/agent/check/update/service:${checked.id}`, agentOf(checked.node));
    const answer = await put(url, JSON.stringify({ Status, Output }));
    // An agent that did not take it is told in the next round.
    if (answer === undefined) return;
    this.#said.set(checked, { status: Status, at: now });
    if (before?.status !== Status) onChange(checked.id, Status, systemClock.now());
  }
}

async function verdict({ alive, stored, health }: Checked): Promise<ReturnType<typeof verdictOf>> {
  if (stored !== undefined) return verdictOf({ text: stored() }, alive());
  const answers = health !== undefined && (await ask(health));
  return answers
    ? { verdict: "passing", because: "it says that it is well" }
    : { verdict: "critical", because: "it does not answer" };
}

async function ask(url: URL): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function put(url: URL, body: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { method: "PUT", body, signal: AbortSignal.timeout(ANSWER_WITHIN) });
    const text = await answer.text();
    return answer.ok ? text : undefined;
  } catch {
    return undefined;
  }
}
