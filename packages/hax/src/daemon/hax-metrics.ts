import type { Metrics } from "@tandem/daemon";
import type { Bridge } from "../bridge/bridge.js";
import type { BridgeEvent } from "../bridge/bridge-event.js";
import type { ConsulCallReport } from "../consul/consul-http.js";
import type { HaLink } from "../link/ha-link.js";

/** Counts what a bridge tells; gives also what counts requests. */
export function countHaxEvents(metrics: Metrics): {
  readonly event: (event: BridgeEvent) => void;
  readonly request: (method: string, route: string, status: number) => void;
  readonly consul: (report: ConsulCallReport) => void;
} {
  const counter = <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
    metrics.counter<L>({ name, help, labels });
  const messages = counter("tandem_hax_messages_total", "Messages of Motr processes, by type and by what was done.", [
    "type",
    "reaction",
  ]);
  const alarms = counter("tandem_hax_alarms_total", "Errors that Motr processes reported: look at the node.", ["type"]);
  const entrypoints = counter(
    "tandem_hax_entrypoint_replies_total",
    "Entrypoint replies; `query`: the process was told to ask again.",
    ["control"],
  );
  const stored = counter("tandem_hax_events_stored_total", "Events of processes put into Consul.");
  const putFailures = counter("tandem_hax_put_failures_total", "Puts that Consul did not take; they are repeated.");
  const replaced = counter(
    "tandem_hax_events_replaced_total",
    "Events that a newer one of their process replaced before they were sent.",
  );
  const overflows = counter("tandem_hax_overflows_total", "Work refused because a queue was full.", ["queue"]);
  const journals = counter("tandem_hax_journal_writes_total", "Writes of the journal.", ["outcome"]);
  const notes = counter("tandem_hax_notes_sent_total", "Notes told, by where they came from.", ["from"]);
  const restarts = counter(
    "tandem_hax_restarts_total",
    "Processes that began again and whose end not everybody knew: they are STOPPED and FAILED before they are let in.",
  );
  const fates = counter("tandem_hax_deliveries_total", "Messages to processes, by what became of them.", ["fate"]);
  const outages = counter(
    "tandem_hax_consul_outages_total",
    "Times that Consul stopped answering for a second or more.",
  );
  const pruned = counter("tandem_hax_queue_pruned_total", "Items of bq/ that every node had done, and that left it.");
  const bad = counter("tandem_hax_bad_inputs_total", "Bodies, keys and journal lines that could not be read.");
  const troubles = counter("tandem_hax_link_troubles_total", "What peers of the link did wrong.", ["trouble"]);
  const elections = counter("tandem_hax_elections_total", "What became of standing for election.", ["outcome"]);
  const leading = metrics.gauge({
    name: "tandem_hax_leading",
    help: "1 while this node is the one with the principal RM.",
  });
  leading.with({}).set(0);
  const requests = counter("tandem_hax_requests_total", "HTTP requests answered.", ["method", "route", "status"]);
  const latency = metrics.histogram({
    name: "tandem_hax_entrypoint_seconds",
    help: "From an entrypoint request to its reply, pace not counted.",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 8],
  });
  const calls = counter("tandem_hax_consul_calls_total", "Calls of Consul, by how they ended.", ["method", "outcome"]);
  const consulLatency = metrics.histogram({
    name: "tandem_hax_consul_seconds",
    help: "Duration of calls of Consul that do not wait for news.",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 8],
  });
  return {
    consul({ method, outcome, waiting, took }) {
      calls.with({ method, outcome }).inc();
      if (!waiting) consulLatency.with({}).observe(took / 1000);
    },
    request: (method, route, status) => requests.with({ method, route, status: String(status) }).inc(),
    event(event) {
      switch (event.kind) {
        case "message":
          messages.with({ type: event.type, reaction: event.reaction }).inc();
          break;
        case "alarm":
        case "panic":
          alarms.with({ type: event.type }).inc();
          break;
        case "entrypoint":
          entrypoints.with({ control: event.rc === 0 ? "consume" : "query" }).inc();
          latency.with({}).observe(event.took / 1000);
          break;
        case "restarted":
          restarts.with({}).inc();
          break;
        case "stored":
          if (event.key.startsWith("processes/")) stored.with({}).inc();
          break;
        case "putFailed":
          putFailures.with({}).inc();
          break;
        case "replaced":
          replaced.with({}).inc();
          break;
        case "overflow":
          overflows.with({ queue: event.queue }).inc();
          break;
        case "journaled":
          journals.with({ outcome: "written" }).inc();
          break;
        case "journalFailed":
          journals.with({ outcome: "failed" }).inc();
          break;
        case "broadcast":
          notes.with({ from: event.from }).inc(event.notes * event.links);
          break;
        case "answered":
          notes.with({ from: "get" }).inc(event.notes);
          break;
        case "fate":
          fates.with({ fate: event.fate }).inc();
          break;
        case "outageBegan":
          outages.with({}).inc();
          break;
        case "queuePruned":
          pruned.with({}).inc(event.items);
          break;
        case "badInput":
          bad.with({}).inc();
          break;
        case "election":
          elections.with({ outcome: event.election.kind }).inc();
          if (event.election.kind === "elected") leading.with({}).set(1);
          if (event.election.kind === "deposed") leading.with({}).set(0);
          break;
        case "trouble":
          troubles.with({ trouble: event.trouble }).inc();
          break;
        default:
          break;
      }
    },
  };
}

/** What a bridge holds now, read when somebody asks. */
export function measureHax(metrics: Metrics, bridge: Bridge, link: HaLink, now: () => number): void {
  const gauge = (name: string, help: string, read: () => number): void => metrics.gaugeOf({ name, help }, read);
  gauge("tandem_hax_links", "Links with Motr processes.", () => link.links().length);
  gauge("tandem_hax_events_waiting", "Events of processes that Consul has not yet.", () => bridge.storer.book.waiting);
  gauge("tandem_hax_oldest_event_seconds", "How long the oldest unacknowledged event has waited.", () => {
    const { oldest } = bridge.storer.book;
    return oldest === undefined ? 0 : (now() - oldest) / 1000;
  });
  gauge("tandem_hax_entrypoints_waiting", "Entrypoint requests without a reply.", () => bridge.entrypoints.waiting);
  gauge("tandem_hax_gets_waiting", "NVEC GETs without an answer.", () => bridge.gets.waiting);
  gauge("tandem_hax_broadcast_queue_lag", "Items of bq/ that are known and not done.", () => bridge.queue.lag);
  gauge("tandem_hax_consul_outage_seconds", "How long Consul has not answered; 0 while it does.", () => {
    const { since } = bridge.caller.outage;
    return since === undefined ? 0 : (now() - since) / 1000;
  });
}
