import { join } from "node:path";
import {
  countGatewayEvents,
  countSyncdEvents,
  measureArchiver,
  measureRecorder,
  watchTroubles,
} from "@tandem/asic-channel";
import { millis, seededRandom } from "@tandem/base";
import { golden, VirtualClock } from "@tandem/base/testing";
import { type DeclaredMetric, Metrics } from "@tandem/daemon";
import {
  ALERTS,
  countEvents,
  formatAlertsPage,
  formatRules,
  metricsOf,
  publishHamgrd,
  startHamgrd,
} from "@tandem/hamgrd";
import { countHaxEvents, measureHax } from "@tandem/hax";
import { countRequests } from "@tandem/northbound";
import { publishStats, publishTls } from "@tandem/swbus";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import { beforeAll, expect, test } from "vitest";
import { filesBelow, isTestCode, ROOT, textOf } from "./repository.js";

const METRICS_INTRODUCTION = `# Metrics

What \`/metrics\` of each daemon says, printed from the declarations; do not edit this page (\`UPDATE=1\` prints it again).
\`hamgrd\` and \`swbusd\` serve it with \`--metrics-port\`, \`tandem api\` on its own port; beside these each has what
\`prom-client\` knows of its process. Labels are bounded: of too many values the rest is counted under \`other\`. What is
counted is plain numbers that are read when somebody scrapes. \`slot\` is \`switch\` for what all slots share.
`;

const ALERTS_INTRODUCTION = `# Alerts

For Prometheus there is [packaging/prometheus/tandem-alerts.yml](../packaging/prometheus/tandem-alerts.yml). Both are printed
from \`packages/hamgrd/src/alerts/alerts.ts\`; do not edit them (\`UPDATE=1\` prints them again). Metrics:
[metrics.md](metrics.md).
`;

/** Packages of what serves `/metrics`. */
const DAEMONS = ["asic-channel", "daemon", "hamgrd", "hax", "northbound", "swbus"];

let declared: ReadonlyMap<string, readonly DeclaredMetric[]>;

beforeAll(async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const servers = [
    { redis: new MemoryRedis({ clock, random }) },
    { redis: new MemoryRedis({ clock, random }), container: "dpu0" },
  ];
  const stores = new MemoryStores({ clock, random, servers });
  const sockets = new MemoryWires().sockets();
  const bus = new MemoryNetwork({ clock }).bus("10.0.0.1");
  const hamgrd = startHamgrd({ slots: [0], clock, random, stores, sockets, bus });
  const ofHamgrd = new Metrics();
  countEvents(ofHamgrd);
  publishHamgrd(ofHamgrd, hamgrd, clock, { lost: () => new Map(), pendingLimit: 300 })[Symbol.dispose]();
  await hamgrd[Symbol.asyncDispose]();
  const ofSwbusd = new Metrics();
  publishStats([], ofSwbusd, clock)();
  const ofTls = new Metrics();
  publishTls(ofTls, () => millis(0));
  const ofApi = new Metrics();
  countRequests(ofApi);
  const ofSyncd = new Metrics();
  countSyncdEvents(ofSyncd);
  watchTroubles(ofSyncd, { warn: () => undefined });
  const ofGateway = new Metrics();
  countGatewayEvents(ofGateway);
  watchTroubles(ofGateway, { warn: () => undefined });
  const ofRecorder = new Metrics();
  measureRecorder(ofRecorder, { written: 0, lost: 0, paused: false });
  const ofArchiver = new Metrics();
  measureArchiver(ofArchiver, { lines: 0, batches: 0, gaps: 0, lost: 0, retained: 0, paused: false });
  const ofHax = new Metrics();
  countHaxEvents(ofHax);
  measureHax(ofHax, undefined as never, undefined as never, () => 0);
  declared = new Map([
    ["hamgrd", ofHamgrd.declared],
    ["swbusd", ofSwbusd.declared],
    ["swbusd and hamgrd with certificates", ofTls.declared],
    ["tandem api", ofApi.declared],
    ["tandem asic syncd", ofSyncd.declared],
    ["tandem asic gateway", ofGateway.declared],
    ["tandem asic record", ofRecorder.declared],
    ["tandem asic archive", ofArchiver.declared],
    ["tandem hax", ofHax.declared],
  ]);
});

test("docs/metrics.md is what the declarations say", () => {
  const row = ({ name, type, labels, help }: DeclaredMetric): string =>
    `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help} |`;
  const sections = [...declared].map(
    ([who, metrics]) =>
      `## ${who}\n\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n${metrics.map(row).join("\n")}\n`,
  );
  golden(join(ROOT, "docs/metrics.md"), `${METRICS_INTRODUCTION}\n${sections.join("\n")}`);
});

test("every metric that a daemon names in its code stands on the page", () => {
  const known = new Set([...declared.values()].flat().map(({ name }) => name));
  const unknown = DAEMONS.flatMap((name) => filesBelow(`packages/${name}/src`)).flatMap((file) =>
    [...(isTestCode(file) ? "" : textOf(file)).matchAll(/"(tandem_(?:hamgrd|swbusd|api|tls|syncd|asic|hax)_\w+)"/g)]
      .map(([, name = ""]) => name.replace(/_(?:count|sum|bucket)$/, ""))
      .filter((name) => !known.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test("docs/alerts.md and the rule file are what the alerts say", () => {
  golden(join(ROOT, "docs/alerts.md"), `${ALERTS_INTRODUCTION}\n${formatAlertsPage(ALERTS)}`);
  golden(join(ROOT, "packaging/prometheus/tandem-alerts.yml"), formatRules(ALERTS));
});

test("every metric that an alert names is declared", () => {
  const names = new Set([...declared.values()].flat().map(({ name }) => name));
  expect(ALERTS.flatMap(({ expression }) => metricsOf(expression)).filter((name) => !names.has(name))).toEqual([]);
});

test("every alert has its own name, and says what to do first", () => {
  expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
  expect(ALERTS.filter(({ runbook, summary }) => runbook.length < 20 || summary.length < 10)).toEqual([]);
});
