import { millis, seconds, sleep, systemClock } from "@tandem/base";
import type { ConsulApi } from "../consul/consul-api.js";
import type { SeenValue } from "./judge.js";

const PREFIX = "processes/";
const WAIT = seconds(2);
const RETRY = seconds(0.2);

/** Follows what Consul's store holds of every process, whatever happens to Consul meanwhile. */
export class StoredStates {
  /** Values in the order in which they were seen, by fid. */
  readonly seen = new Map<string, SeenValue[]>();

  constructor(
    private readonly parts: {
      /** Agents; when one does not answer the next is asked. */
      readonly agents: readonly ConsulApi[];
      readonly onNews: () => void;
      readonly signal: AbortSignal;
    },
  ) {}

  last(fid: string): string | undefined {
    return this.seen.get(fid)?.at(-1)?.text;
  }

  /** Until everything ends. */
  async follow(): Promise<void> {
    const { agents, signal } = this.parts;
    let index = 0;
    for (let turn = 0; !signal.aborted; ) {
      const agent = agents[turn % agents.length] as ConsulApi;
      const read = await agent.list(PREFIX, { index, waitMs: WAIT, signal });
      if (!read.ok) {
        turn += 1;
        index = 0;
        await sleep(systemClock, RETRY, signal).catch(() => {});
        continue;
      }
      index = read.value.index < index ? 0 : Math.max(1, read.value.index);
      for (const { key, text } of read.value.value) this.#note(key.slice(PREFIX.length), text);
    }
  }

  /** What stands now, by Consul's leader's word; nothing when there is none. */
  async read(): Promise<ReadonlyMap<string, string> | undefined> {
    const { agents, signal } = this.parts;
    for (const agent of agents) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(millis(3000))]);
      const read = await agent.list(PREFIX, { consistency: "consistent", signal: limit });
      if (read.ok) return new Map(read.value.value.map(({ key, text }) => [key.slice(PREFIX.length), text]));
    }
    return undefined;
  }

  #note(fid: string, text: string): void {
    const values = this.seen.get(fid) ?? [];
    this.seen.set(fid, values);
    if (values.at(-1)?.text === text) return;
    values.push({ text, at: systemClock.now() });
    this.parts.onNews();
  }
}
