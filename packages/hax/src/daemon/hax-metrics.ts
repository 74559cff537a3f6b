import type { Metrics } from "@tandem/daemon";
import type { Bridge } from "../bridge/bridge.js";
import type { BridgeEvent } from "../bridge/bridge-event.js";
import type { ConsulCallReport } from "../consul/consul-http.js";
import type { LinkServer } from "../link/server.js";

/** What one hax counts. */
export interface HaxTally {
  readonly event: (event: BridgeEvent) => void;
  readonly consul: (report: ConsulCallReport) => void;
}

/** What waits where. */
export interface HaxSizes {
  readonly links: number;
  readonly unstored: number;
  readonly watches: number;
  readonly lag: number;
  readonly outage: 0 | 1;
}

/** Declares the metrics of hax; `now` is asked at each scrape. */
export function countHax(metrics: Metrics, now: () => HaxSizes): HaxTally {
  const messages = metrics.counter({
    name: "tandem_hax_messages_total",
    help: "Messages from Motr, by type and by what hax does with it.",
    labels: ["type", "reaction"],
  });
  const entrypoints = metrics.counter({
    name: "tandem_hax_entrypoint_replies_total",
    help: "Entrypoint replies, by control: CONSUME, or QUERY for a process that is to ask again.",
    labels: ["control"],
  });
  const events = metrics.counter({
    name: "tandem_hax_events_total",
    help: "What the bridge did or met, by kind.",
    labels: ["kind"],
  });
  const trouble = metrics.counter({
    name: "tandem_hax_link_troubles_total",
    help: "What peers of HA links did wrong, by kind.",
    labels: ["trouble"],
  });
  const notes = metrics.counter({
    name: "tandem_hax_broadcast_notes_total",
    help: "Notes told to Motr processes, times the links that they went to.",
  });
  const calls = metrics.histogram({
    name: "tandem_hax_consul_call_seconds",
    help: "Calls of Consul that do not wait, by outcome.",
    labels: ["outcome"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 5],
  });
  const sizes: readonly (readonly [name: string, help: string, of: keyof HaxSizes])[] = [
    ["tandem_hax_links", "HA links that stand.", "links"],
    ["tandem_hax_unstored_events", "Process events that Consul does not have yet.", "unstored"],
    ["tandem_hax_waiting_watches", "Snapshots of services that are not told yet.", "watches"],
    ["tandem_hax_queue_lag", "Items of bq/ that are known and not done.", "lag"],
    ["tandem_hax_consul_outage", "1 while Consul does not answer.", "outage"],
  ];
  for (const [name, help, of] of sizes) metrics.gaugeOf({ name, help }, () => now()[of]);
  return {
    event: (event) => {
      events.with({ kind: event.kind }).inc();
      if (event.kind === "message") messages.with({ type: event.type, reaction: event.reaction }).inc();
      if (event.kind === "entrypoint") entrypoints.with({ control: event.rc === 0 ? "CONSUME" : "QUERY" }).inc();
      if (event.kind === "trouble") trouble.with({ trouble: event.trouble }).inc();
      if (event.kind === "broadcast") notes.with({}).inc(event.notes * event.links);
    },
    consul: (report) => {
      if (!report.waiting) calls.with({ outcome: report.outcome }).observe(report.took / 1000);
    },
  };
}

/** Depths, as they are. */
export function sizesOf(bridge: Bridge, link: LinkServer): HaxSizes {
  return {
    links: link.links().length,
    unstored: bridge.storer.book.pendingValues().size,
    watches: bridge.watches.waiting,
    lag: bridge.queue.lag,
    outage: bridge.caller.outage.since === undefined ? 0 : 1,
  };
}
