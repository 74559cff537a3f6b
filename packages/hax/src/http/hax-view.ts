import type { Clock, Json } from "@tandem/base";
import type { Bridge } from "../bridge/bridge.js";
import type { BridgeEvent } from "../bridge/bridge-event.js";
import { describeBridgeEvent } from "../bridge/bridge-event.js";
import { processOf } from "../bridge/core/conf-tree.js";
import { checkedState, judge } from "../bridge/core/health-view.js";
import { type Fid, fidLetter, formatFid, sameFid } from "../fid.js";
import type { HaLink } from "../link/ha-link.js";
import type { Note } from "../motr/message.js";

/** Events that people are shown. */
const RECENT_MAX = 200;

/** One fact of the chain, oldest cause first. */
interface Evidence {
  readonly [name: string]: Json;
  readonly fact: string;
}

/** What a hax knows, as plain data for `tandem hax show` and `why`. */
export class HaxView {
  readonly #recent: { readonly at: number; readonly text: string }[] = [];

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly node: string;
      readonly link: HaLink;
      readonly bridge: Bridge;
    },
  ) {}

  note(event: BridgeEvent): void {
    const described = describeBridgeEvent(event);
    if (described === undefined) return;
    this.#recent.push({ at: this.parts.clock.now(), text: described.text });
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
  }

  /** The outage that lasts, if one does. */
  outage(): { readonly lasts_ms: number; readonly because: string } | null {
    const { outage } = this.parts.bridge.caller;
    if (outage.since === undefined) return null;
    return { lasts_ms: Math.round(this.parts.clock.monotonic() - outage.since), because: outage.why };
  }

  async state(): Promise<Json> {
    const { bridge, link, node } = this.parts;
    const [entry, conf] = await Promise.all([bridge.reader.entrypoint(), bridge.reader.conf()]);
    const known = conf.ok ? conf.value : bridge.reader.lastConf;
    const processes = known === undefined ? [] : [...known.processes.values()];
    const asked = processes.map(({ fid }): Note => ({ fid, state: "UNKNOWN" }));
    const read = await bridge.reader.view(asked);
    const view = read.ok ? read.value : undefined;
    return {
      schema: "tandem.hax-state.v1",
      node,
      consul: this.outage() ?? "answers",
      leader: entry.ok ? { rm: formatFid(entry.value.rmFid), endpoint: entry.value.rmEndpoint } : { none: entry.error },
      processes: processes.map((process) => ({
        ...{ fid: formatFid(process.fid), node: process.node },
        services: process.services.map(({ name, fid }) => `${name} ${formatFid(fid)}`),
        stored: view?.events.get(formatFid(process.fid)) ?? null,
        checks: view === undefined ? null : checkedState(process, view, "graded"),
        state: view === undefined ? null : judge(process.fid, view).state,
      })),
      links: link.view().map((each) => ({
        ...{ process: formatFid(each.process), endpoint: each.endpoint, state: each.state, queued: each.queued },
        unacknowledged: each.unacknowledged,
      })),
      queues: {
        ...{ entrypoints: bridge.entrypoints.waiting, events: bridge.storer.book.waiting, gets: bridge.gets.waiting },
        ...{ watches: bridge.watches.waiting, bq_lag: bridge.queue.lag, bq_done: bridge.queue.offset ?? null },
      },
      events: this.#recent.map(({ at, text }) => ({ at: new Date(at).toISOString(), text })),
    };
  }

  /** State of an object and what it rests on. */
  async why(fid: Fid): Promise<Json> {
    const { bridge, link } = this.parts;
    const read = await bridge.reader.view([{ fid, state: "UNKNOWN" }]);
    const text = formatFid(fid);
    const evidence: Evidence[] = [];
    if (!read.ok) evidence.push({ fact: `Consul does not answer: ${read.error}` });
    const conf = read.ok ? read.value.conf : bridge.reader.lastConf;
    const process =
      conf === undefined ? undefined : fidLetter(fid) === "r" ? processOf(conf, fid) : conf.owners.get(text);
    if (process !== undefined) {
      const own = formatFid(process.fid);
      evidence.push({
        fact: `the configuration has it as ${own === text ? "a process" : `a service of ${own}`} on ${process.node}`,
      });
      if (read.ok) {
        const stored = read.value.events.get(own);
        evidence.push({
          fact: stored === undefined ? `processes/${own} holds nothing` : `processes/${own} holds ${stored}`,
        });
        for (const { checkId, status, serviceId } of read.value.checks.get(process.node) ?? [])
          if (serviceId === "" || BigInt(/^\d+$/.test(serviceId) ? serviceId : 0) === process.fid.key)
            evidence.push({ fact: `check ${checkId} of ${process.node} is ${status}` });
      }
      const pending = bridge.storer.book.pendingValues().get(`processes/${own}`);
      if (pending !== undefined) evidence.push({ fact: `not yet stored: ${pending}` });
      const linked = link.links().find((each) => sameFid(each.process, process.fid));
      evidence.push({
        fact: linked === undefined ? "it has no link with this hax" : `it is linked from ${linked.endpoint}`,
      });
    }
    const told = bridge.watches.told().find((note) => sameFid(note.fid, fid));
    if (told !== undefined) evidence.push({ fact: `Motr processes were last told ${told.state}` });
    const judged = read.ok ? judge(fid, read.value) : undefined;
    return {
      schema: "tandem.hax-why.v1",
      fid: text,
      state: judged?.state ?? null,
      because: judged?.because ?? "Consul does not answer",
      evidence,
    };
  }
}
