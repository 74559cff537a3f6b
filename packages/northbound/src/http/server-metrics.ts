import type { Metrics } from "@tandem/daemon";
import type { NorthboundEvent } from "../northbound.js";

/** What a server counts of its callers. */
export interface ServerTally {
  request(method: string, route: string, status: number, took: number): void;
  readers(count: number): void;
  lost(count: number): void;
  /** Of what is behind the server. */
  event(event: NorthboundEvent): void;
}

/** Declares the API's metrics and gives what bumps them. */
export function countRequests(metrics: Metrics): ServerTally {
  const requests = metrics.counter({
    name: "tandem_api_requests_total",
    help: "Requests answered, by route and status.",
    labels: ["method", "route", "status"],
  });
  const latency = metrics.histogram({
    name: "tandem_api_request_seconds",
    help: "Time from a request to its answer.",
    labels: ["method", "route"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
  });
  const mutations = metrics.counter({
    name: "tandem_api_mutations_total",
    help: "Mutations asked for, by kind and status; `repeated` ones got the answer of their first time.",
    labels: ["mutation", "status", "repeated"],
  });
  const events = metrics.counter({ name: "tandem_api_events_total", help: "Events told.", labels: ["kind"] });
  const readers = metrics
    .gauge({ name: "tandem_api_event_readers", help: "Readers of the event stream now." })
    .with({});
  const lost = metrics
    .counter({ name: "tandem_api_events_lost_total", help: "Events that readers were too slow for." })
    .with({});
  const approvals = metrics.counter({
    name: "tandem_api_auto_approvals_total",
    help: "Approvals given by the policies of --auto-approve.",
    labels: ["type", "status"],
  });
  const warnings = metrics
    .counter({ name: "tandem_api_warnings_total", help: "Rows that cannot be read, and failures of databases." })
    .with({});
  return {
    request(method, route, status, took) {
      requests.with({ method, route, status: String(status) }).inc();
      latency.with({ method, route }).observe(took);
    },
    readers: (count) => readers.set(count),
    lost: (count) => lost.inc(count),
    event(event) {
      switch (event.kind) {
        case "logged":
          events.with({ kind: event.event.event.kind }).inc();
          break;
        case "mutated":
          mutations
            .with({ mutation: event.mutation, status: String(event.status), repeated: String(event.repeated) })
            .inc();
          break;
        case "autoApproved":
          approvals.with({ type: event.type, status: String(event.status) }).inc();
          break;
        case "warning":
          warnings.inc();
          break;
      }
    },
  };
}
