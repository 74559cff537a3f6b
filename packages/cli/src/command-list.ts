import type { CommandRun } from "./io.js";

/** What an option's value must be. */
export type OptionValue =
  | { readonly kind: "flag" }
  | { readonly kind: "text" }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly whole: boolean };

export interface OptionSpec {
  /** In commander's words, e.g. `-c, --count <n>`. */
  readonly flags: string;
  readonly doc: string;
  readonly value: OptionValue;
}

export interface CommandSpec {
  readonly path: readonly string[];
  /** Arguments in commander's words: `<dest>` must be given, `[id]` may. */
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  /** The program behind it parses everything after the name, its own `--help` included. */
  readonly delegates?: true;
  readonly load: () => Promise<CommandRun>;
}

const flag = (flags: string, doc: string): OptionSpec => ({ flags, doc, value: { kind: "flag" } });
const text = (flags: string, doc: string): OptionSpec => ({ flags, doc, value: { kind: "text" } });
const whole = (flags: string, doc: string, min: number, max: number): OptionSpec => ({
  flags,
  doc,
  value: { kind: "number", min, max, whole: true },
});
const real = (flags: string, doc: string, max: number): OptionSpec => ({
  flags,
  doc,
  value: { kind: "number", min: 0, max, whole: false },
});

const JSON_OPTION = flag("--json", "print JSON instead of text");
const DB_CONFIG = text("--db-config <file>", "database_config.json or database_global.json; default: the system's");
const ASIC_DATABASE = text("--db <name>", "the ASIC's database; default ASIC_DB");
const RING = text("--ring <file>", "the ring file of shm; default /dev/shm/tandem-asic-<database>.ring");
const SLOT_MAX = 255;

const BUS_SECURITY = "--bus-security <file>";
/** Where a command that asks hamgrds of the switch finds them. */
const SWITCH_OPTIONS = [
  DB_CONFIG,
  text(BUS_SECURITY, "certificates of the bus; default: TANDEM_BUS_SECURITY"),
] as const;

/** How a command finds the swbusd that it asks. */
const BUS_OPTIONS = [
  whole("-s, --slot-id <slot>", "DPU slot of the local swbusd; default: the environment's DEV=dpu<slot>", 0, SLOT_MAX),
  text("--config-file <file>", "swbusd's YAML file, instead of a slot and CONFIG_DB"),
  DB_CONFIG,
  text(BUS_SECURITY, "certificates of the bus; default: TANDEM_BUS_SECURITY, else those of swbusd's YAML file"),
] as const;

/** Where a running hax is asked. */
const HAX_OPTIONS = [
  text("--hax <url>", "its address; default http://127.0.0.1:8008"),
  text("--token-file <file>", "its first line is the token that the hax wants"),
] as const;

const ONE_SLOT = whole("-s, --slot-id <slot>", "ask only the hamgrd of this DPU slot of the switch", 0, SLOT_MAX);

/** Longest wait and longest pause that may be asked for: a day. */
const SECONDS_MAX = 86_400;

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    path: ["lab"],
    summary: "a cluster of real processes here, and a story walked through it",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runLab,
  },
  {
    path: ["sim"],
    summary: "a whole cluster under virtual time, from seeds: faults, judged at every step",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runSim,
  },
  {
    path: ["test"],
    summary: "types, lint and all tests; the last line is `N passed, N failed`",
    delegates: true,
    load: async () => (await import("./commands/test.js")).runTest,
  },
  {
    path: ["swbusd"],
    summary: "the bus router daemon of one slot",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runSwbusd,
  },
  {
    path: ["hamgrd"],
    summary: "the HA manager daemon of one or several slots",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runHamgrd,
  },
  {
    path: ["api"],
    summary: "HTTP/JSON and an event stream over this switch's HA rows, for an orchestrator",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runApi,
  },
  {
    path: ["ping"],
    args: "<dest>",
    summary: "ask a service path whether it is there",
    options: [
      whole("-c, --count <n>", "probes to send; default: until Ctrl-C", 1, 4_294_967_295),
      real("-t, --timeout <seconds>", "wait for each answer; default 1", SECONDS_MAX),
      real("-i, --interval <seconds>", "pause between probes; default 1", SECONDS_MAX),
      ...BUS_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/ping.js")).runPing,
  },
  {
    path: ["trace-route"],
    args: "<dest>",
    summary: "the routers on the way to a service path",
    options: [
      real("-t, --timeout <seconds>", "wait for each answer; default 1", SECONDS_MAX),
      whole("-c, --max-hop <n>", "answers to wait for; default 10", 1, 64),
      ...BUS_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/trace-route.js")).runTraceRoute,
  },
  {
    path: ["show", "ha"],
    summary: "the HA scopes of this switch, a row each",
    options: [...SWITCH_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/show-ha.js")).runShowHa,
  },
  {
    path: ["show", "topology"],
    summary: "switches, DPUs, vDPUs, bus links and HA sets, as this switch knows them",
    options: [...SWITCH_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/show-topology.js")).runShowTopology,
  },
  {
    path: ["show", "dash", "ha", "global-config"],
    summary: "DASH_HA_GLOBAL_CONFIG",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-ha.js")).runGlobalConfig,
  },
  {
    path: ["show", "dash", "ha", "set", "status"],
    summary: "HA sets: config, owner, data-path channel",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-ha.js")).runSetStatus,
  },
  {
    path: ["show", "dash", "ha", "set", "counters"],
    summary: "counters of HA sets",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-counters.js")).runSetCounters,
  },
  {
    path: ["show", "dash", "ha", "scope", "status"],
    args: "[ha-scope-id]",
    summary: "HA scopes: states, terms, pending operations; one of them in full",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-ha.js")).runScopeStatus,
  },
  {
    path: ["show", "dash", "ha", "scope", "counters"],
    args: "[ha-scope-id]",
    summary: "counters of HA scopes and their ENIs",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-counters.js")).runScopeCounters,
  },
  {
    path: ["show", "dash", "ha", "flow-sync-session", "counters"],
    args: "[flow-sync-session-id]",
    summary: "flow sync sessions and their bulk-sync counters",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-dash-counters.js")).runFlowSyncCounters,
  },
  {
    path: ["show", "swbusd", "route"],
    summary: "the local swbusd's route table",
    options: [...BUS_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/show-bus.js")).runShowRoute,
  },
  {
    path: ["show", "hamgrd", "actor"],
    args: "<path>",
    summary: "an actor's state, e.g. /hamgrd/0/dpu/switch1_dpu0",
    options: [...BUS_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/show-bus.js")).runShowActor,
  },
  {
    path: ["pending"],
    summary: "operations that wait for an approval",
    options: [DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/show-ha.js")).runPending,
  },
  {
    path: ["drift"],
    summary: "what hamgrd stands for, against what the databases hold",
    options: [
      flag("--repair", "have hamgrd write its rows again, and delete rows that nobody stands for"),
      ...SWITCH_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/drift.js")).runDrift,
  },
  {
    path: ["why"],
    args: "<name...>",
    summary: "why a scope, a DPU, a vDPU, an HA set or a row is as it is",
    options: [
      text("--from <path>", "record file or folder for what no hamgrd answers; default: /var/log/dash-ha"),
      ONE_SLOT,
      ...SWITCH_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/why.js")).runWhy,
  },
  {
    path: ["timeline"],
    args: "[name...]",
    summary: "what followed from what, over all switches, and where the time went",
    options: [
      text("--since <duration>", "how far back, e.g. 30s, 5m, 2h; default 1m"),
      whole("--last <n>", "changes to show, the newest; default 20", 1, 100_000),
      text("--from <path>", "record file, flight, or folder of them, instead of asking hamgrds"),
      flag("--all", "also rows that are written again each minute"),
      flag("--local", "ask only the hamgrds of this switch"),
      ONE_SLOT,
      ...SWITCH_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/timeline.js")).runTimeline,
  },
  {
    path: ["flight", "export"],
    args: "<file>",
    summary: "what the hamgrds here did last, with all they knew, in a file that can be replayed",
    options: [ONE_SLOT, ...SWITCH_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/flight.js")).runFlightExport,
  },
  {
    path: ["flight", "replay"],
    args: "<file>",
    summary: "every step of a flight taken again; tells the first that comes out otherwise",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/flight.js")).runFlightReplay,
  },
  {
    path: ["doctor"],
    summary: "what is wrong with this switch's databases, configuration, bus and hamgrds, and what to do",
    options: [...SWITCH_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/doctor.js")).runDoctor,
  },
  {
    path: ["plan"],
    args: "<operation> <target>",
    summary: "what a switchover, shutdown, restart or remove of a pair or vDPU would come to; writes nothing",
    options: [
      flag("--force", "plan also what leaves the pair without a healthy owner"),
      ...SWITCH_OPTIONS,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/plan.js")).runPlan,
  },
  {
    path: ["asic", "archive"],
    summary: "write the streams of orchagent's channel into a recording, continuously",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runAsicArchive,
  },
  {
    path: ["asic", "conformance"],
    args: "[transport]",
    summary: "what each transport of the channel holds while real processes are killed, as a matrix",
    options: [
      flag("--short", "three cases a transport, in about a minute"),
      flag("--long", "bursts of 250,000 and a minute's absence; about half an hour"),
      text("--case <name>", "one case only"),
      text("--fallback <what>", "stream or list: what grpc-queue has behind it; default stream"),
      flag("--outbox", "zmq with requests in Redis until they are answered"),
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/asic-conformance.js")).runConformance,
  },
  {
    path: ["asic", "gateway"],
    summary: "pass requests from an orchagent on to a syncd that speaks another transport",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runAsicGateway,
  },
  {
    path: ["asic", "record"],
    summary: "record what is said between orchagent and syncd from now on",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runAsicRecord,
  },
  {
    path: ["asic", "history"],
    args: "[file]",
    summary: "what was said about an object, from the archive and the live streams",
    options: [
      text("--object <id>", "an object id, a key, or any text that stands whole in a line; default: everything"),
      text("--since <when>", "a time or how long ago, e.g. 2026-03-01.10:00:00 or 5m; default 1h"),
      text("--until <when>", "the same; default now"),
      whole("--last <n>", "lines to show, the newest; default 1000", 1, 1_000_000),
      flag("--no-live", "read the archive only"),
      ASIC_DATABASE,
      DB_CONFIG,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/asic-history.js")).runHistory,
  },
  {
    path: ["asic", "play"],
    args: "<file>",
    summary: "send the requests of a recording, and compare the replies with it",
    options: [
      text(
        "--via <transport>",
        "list-pubsub, streams, grpc, grpc-queue, zmq or shm; default where asic switch moved the channel, else streams",
      ),
      text("-z, --mode <mode>", "async or sync, as the server works; default sync"),
      text("--fallback <what>", "of grpc-queue: stream or list, while no server is reached; default stream"),
      RING,
      text("--speed <speed>", "real or max; default max"),
      real("--pause-max <seconds>", "longest pause at real speed; default as recorded", 86_400),
      text("--on-bad-line <what>", "skip or fatal; default skip"),
      text("--on-mismatch <what>", "stop or go-on; default stop"),
      text("--vids <whose>", "counter: fresh object ids; recorded: those of the recording; default counter"),
      flag("-C, --skip-views", "do not send view changes"),
      text("-r, --record <file>", "record what is sent and answered"),
      text("--context-config <file>", "context_config.json; default: upstream's one context"),
      whole("-g, --guid <n>", "the context of the channel; default 0", 0, 255),
      ASIC_DATABASE,
      DB_CONFIG,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/asic-play.js")).runPlay,
  },
  {
    path: ["asic", "switch"],
    summary: "move a running client and its syncd to another transport, or say which one they are on",
    options: [
      text("--to <transport>", "list-pubsub, streams, grpc, grpc-queue, zmq or shm; without it nothing is moved"),
      real("--within <seconds>", "then the wish is withdrawn and the old transport stays; default 30", 3600),
      ASIC_DATABASE,
      DB_CONFIG,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/asic-switch.js")).runSwitch,
  },
  {
    path: ["asic", "syncd"],
    summary: "the server of orchagent's channel, over a virtual ASIC",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runAsicSyncd,
  },
  {
    path: ["asic", "virtual"],
    summary: "a switch chip in memory that outlives the syncds which lead it",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runVirtualAsic,
  },
  {
    path: ["hax"],
    summary: "the bridge of a storage node between Consul and its Motr processes",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runHax,
  },
  {
    path: ["hax", "m0d"],
    summary: "a Motr process that is none: it talks to a hax, and holds it to Motr's rules",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runHaxM0d,
  },
  {
    path: ["hax", "demo"],
    summary: "three nodes of Consul, hax and Motr processes here: crash, failover, outage, restart, and a receipt",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runHaxDemo,
  },
  {
    path: ["hax", "consul-double"],
    summary: "a Consul that is none, for tests and the demo, with faults to turn on",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runConsulDouble,
  },
  {
    path: ["asic", "show", "queues"],
    summary: "requests and replies that wait between orchagent and syncd",
    options: [ASIC_DATABASE, DB_CONFIG, RING, JSON_OPTION],
    load: async () => (await import("./commands/asic.js")).runQueues,
  },
  {
    path: ["asic", "show", "objects"],
    args: "[type]",
    summary: "what ASIC_STATE holds: how many of each type, or those of one",
    options: [ASIC_DATABASE, DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/asic.js")).runObjects,
  },
  {
    path: ["asic", "show", "pending"],
    summary: "what syncd has begun and not settled, and the view that is being built",
    options: [ASIC_DATABASE, DB_CONFIG, JSON_OPTION],
    load: async () => (await import("./commands/asic.js")).runPendingRequests,
  },
  {
    path: ["asic", "audit"],
    summary: "rows of ASIC_STATE against what the virtual ASIC holds",
    options: [
      text("--asic <path>", "unix socket of the ASIC; default: that of the context"),
      text("--context-config <file>", "context_config.json; default: upstream's one context"),
      whole("-g, --guid <n>", "the context; default 0", 0, 255),
      DB_CONFIG,
      JSON_OPTION,
    ],
    load: async () => (await import("./commands/asic.js")).runAudit,
  },
  {
    path: ["hax", "check"],
    args: "<fid>",
    summary: "stored status and liveness of a Motr process: exit 0 passing, 1 warning, 2 critical",
    options: [text("--consul <url>", "Consul's agent; default http://127.0.0.1:8500"), JSON_OPTION],
    load: async () => (await import("./commands/hax.js")).runHaxCheck,
  },
  {
    path: ["hax", "show"],
    summary: "processes, links, queues, leader and last events of a running hax",
    options: [...HAX_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/hax.js")).runHaxShow,
  },
  {
    path: ["hax", "why"],
    args: "<fid>",
    summary: "the state of a process, service or device, and the evidence for it",
    options: [...HAX_OPTIONS, JSON_OPTION],
    load: async () => (await import("./commands/hax.js")).runHaxWhy,
  },
  {
    path: ["bench"],
    summary: "databases, sockets, bus, actors and a cluster measured, each beside its floor",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runBench,
  },
  {
    path: ["soak"],
    summary: "a pair changed over and over, while the memory of every daemon is watched",
    delegates: true,
    load: async () => (await import("./commands/delegate.js")).runSoak,
  },
  {
    path: ["completion"],
    args: "<shell>",
    summary: "a completion script for bash, zsh or fish",
    options: [JSON_OPTION],
    load: async () => (await import("./commands/completion.js")).runCompletion,
  },
];

/** Words between the name and the commands, e.g. `show dash ha`. */
export const GROUPS: Readonly<Record<string, string>> = {
  asic: "the channel between orchagent and syncd",
  "asic show": "what stands in the channel, and behind it",
  flight: "the last steps of hamgrds, to be looked at and taken again",
  show: "what the switch's databases, its bus and its HA manager hold",
  "show dash": "DASH state",
  "show dash ha": "smart switch HA state",
  "show dash ha set": "HA sets",
  "show dash ha scope": "HA scopes",
  "show dash ha flow-sync-session": "flow sync sessions",
  "show swbusd": "the bus router",
  "show hamgrd": "the HA manager",
};
