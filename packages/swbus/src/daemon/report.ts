import { type Clock, seconds, type Timer } from "@tandem/base";
import type { LogFields, Logger, Metrics } from "@tandem/daemon";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import type { SwbusdEvent, SwbusdObserver, SwbusdStats } from "./events.js";
import type { Swbusd } from "./swbusd.js";

type Level = "error" | "warn" | "info" | "debug";

/** How an event reads in the log: level, sentence, fields. */
export function describeEvent(event: SwbusdEvent): readonly [Level, string, LogFields] {
  const { kind, ...fields } = event;
  switch (event.kind) {
    case "waiting":
      return ["warn", `waiting: ${event.reason}`, {}];
    case "badConfig":
      return ["error", `${event.fault.where}: ${event.fault.detail}; ${event.fault.effect}`, {}];
    case "configured":
      return ["info", "configuration in force", fields];
    case "listening":
      return ["info", "listening", fields];
    case "listenFailed":
      return ["error", "cannot listen, trying again each second", fields];
    case "connected":
      return ["info", "connected", fields];
    case "disconnected":
      return ["warn", "connection lost", fields];
    case "dialFailed":
      return ["warn", "peer not reachable, dialing on", fields];
    case "refused":
      return ["error", "stream refused", withoutEmpty(fields)];
    case "refusedMore":
      return ["error", "more streams refused", fields];
    case "replaced":
      return ["info", "a new stream of the same sender replaces its old one", fields];
    case "badMessage":
      return ["error", "message dropped: expected an SwbusMessage", fields];
    case "badRoutes":
      return ["error", "announced routes ignored", fields];
    case "queueFull":
      return ["warn", "next hop does not take more, senders get QUEUE_FULL", fields];
  }
}

function withoutEmpty(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** How often counts become metrics. */
const PUBLISH = seconds(1);

type CountName = Exclude<keyof SwbusdStats, "answered" | "refused">;

const COUNTS: Readonly<Record<CountName, readonly [name: string, help: string]>> = {
  received: ["tandem_swbusd_messages_received_total", "Messages that arrived on any stream."],
  forwarded: ["tandem_swbusd_messages_forwarded_total", "Messages put on the stream of a next hop."],
  badMessages: ["tandem_swbusd_bad_messages_total", "Messages that could not be decoded or lacked header or body."],
  dropped: ["tandem_swbusd_messages_dropped_total", "Answers nobody could be told of, stray announcements."],
  announcementsSent: ["tandem_swbusd_announcements_sent_total", "Route announcements sent."],
  announcementsReceived: ["tandem_swbusd_announcements_received_total", "Route announcements received."],
  routesRefused: ["tandem_swbusd_routes_refused_total", "Announced routes that were not installed."],
  dialFailures: ["tandem_swbusd_dial_failures_total", "Dials of configured peers that failed."],
  connectionsRefused: ["tandem_swbusd_connections_refused_total", "Streams turned away, either direction."],
  queueFull: ["tandem_swbusd_queue_full_total", "Messages that found their next hop's queue full."],
  paced: ["tandem_swbusd_paced_total", "Times that a sender beyond messages_per_second was not read for a while."],
  waits: ["tandem_swbusd_waits_total", "Times that a usable configuration had to be waited for."],
  configFaults: ["tandem_swbusd_config_faults_total", "Rows or members of the configuration that were skipped."],
};

/** Tells a log what happens. */
export function logEvents(logger: Logger): SwbusdObserver {
  return (event) => {
    const [level, message, fields] = describeEvent(event);
    logger[level](message, fields);
  };
}

/** Publishes the counts of a process's routers, summed. Returns what stops it. */
export function publishStats(daemons: readonly Swbusd[], metrics: Metrics, clock: Clock): () => void {
  const sum = (of: (daemon: Swbusd) => number): number => daemons.reduce((all, daemon) => all + of(daemon), 0);
  const answered = metrics.counter({
    name: "tandem_swbusd_answers_total",
    help: "Answers that this swbusd gave itself, by error code.",
    labels: ["code"],
  });
  const refused = metrics.counter({
    name: "tandem_swbusd_refusals_total",
    help: "Connections and streams turned away, by reason.",
    labels: ["reason"],
  });
  const published = new Map<string, number>();
  const counters = Object.entries(COUNTS).map(([count, [name, help]]) => {
    const series = metrics.counter({ name, help }).with({});
    return { name, series, read: () => sum(({ stats }) => stats[count as CountName]) };
  });
  const grown = (name: string, now: number): number => {
    const by = now - (published.get(name) ?? 0);
    published.set(name, now);
    return by;
  };
  metrics.gaugeOf({ name: "tandem_swbusd_connections", help: "Streams that stand." }, () =>
    sum(({ links }) => links.length),
  );
  metrics.gaugeOf({ name: "tandem_swbusd_peers_down", help: "Configured peers to which no stream stands." }, () =>
    sum(({ peersDown }) => peersDown),
  );
  metrics.gaugeOf({ name: "tandem_swbusd_routes", help: "Ways in the route table." }, () =>
    sum((daemon) => daemon.routes().length),
  );
  let timer: Timer;
  const publish = (): void => {
    for (const { name, series, read } of counters) series.inc(grown(name, read()));
    for (const code of new Set(daemons.flatMap(({ stats }) => [...stats.answered.keys()]))) {
      const count = sum(({ stats }) => stats.answered.get(code) ?? 0);
      answered.with({ code: SwbusErrorCode[code] ?? String(code) }).inc(grown(`answered ${code}`, count));
    }
    for (const reason of new Set(daemons.flatMap(({ stats }) => [...stats.refused.keys()]))) {
      const count = sum(({ stats }) => stats.refused.get(reason) ?? 0);
      refused.with({ reason }).inc(grown(`refused ${reason}`, count));
    }
    timer = clock.setTimer(PUBLISH, publish);
  };
  publish();
  return () => timer.cancel();
}
