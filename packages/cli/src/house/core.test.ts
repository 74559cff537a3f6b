import { expect, test } from "vitest";
import { importsOf, isTestCode, sources, textOf } from "./repository.js";

/** Core: values in, values out. Folders end with a slash. Everything below them counts, test code aside. */
const CORE = [
  "packages/base/src/backoff.ts",
  "packages/base/src/brand.ts",
  "packages/base/src/crash-point.ts",
  "packages/base/src/invariant.ts",
  "packages/base/src/json.ts",
  "packages/base/src/random.ts",
  "packages/base/src/result.ts",
  "packages/wire/src/certificate.ts",
  "packages/wire/src/endpoint.ts",
  "packages/wire/src/frame.ts",
  "packages/wire/src/metadata.ts",
  "packages/wire/src/refusal.ts",
  "packages/wire/src/status.ts",
  "packages/daemon/src/log-level.ts",
  "packages/daemon/src/log-line.ts",
  "packages/swss/src/databases.ts",
  "packages/swss/src/field.ts",
  "packages/swss/src/table-schema.ts",
  "packages/swbus/src/service-path.ts",
  "packages/swbus/src/route-table.ts",
  "packages/swbus/src/router.ts",
  "packages/actor/src/define-actor.ts",
  "packages/actor/src/difference.ts",
  "packages/actor/src/flight-file.ts",
  "packages/actor/src/flight-lines.ts",
  "packages/actor/src/flight-step.ts",
  "packages/actor/src/ledger.ts",
  "packages/actor/src/record-pages.ts",
  "packages/actor/src/replay-step.ts",
  "packages/hamgrd/src/schema/",
  "packages/hamgrd/src/actors/",
  "packages/hamgrd/src/flight/",
  "packages/hamgrd/src/plan/",
  "packages/hamgrd/src/alerts/",
  "packages/hamgrd/src/telemetry/spans.ts",
  "packages/northbound/src/core/",
  "packages/hax/src/bridge/bridge-event.ts",
  "packages/hax/src/bridge/core/",
  "packages/hax/src/check/verdict.ts",
  "packages/hax/src/consul/consul-api.ts",
  "packages/hax/src/consul/json-rows.ts",
  "packages/hax/src/consul-double/answers.ts",
  "packages/hax/src/consul-double/catalog.ts",
  "packages/hax/src/consul-double/consul-state.ts",
  "packages/hax/src/consul-double/faults.ts",
  "packages/hax/src/consul-double/kv-store.ts",
  "packages/hax/src/consul-double/requests.ts",
  "packages/hax/src/consul-double/routes.ts",
  "packages/hax/src/fid.ts",
  "packages/hax/src/link/address.ts",
  "packages/hax/src/link/desk-ports.ts",
  "packages/hax/src/link/desk.ts",
  "packages/hax/src/link/frame.ts",
  "packages/hax/src/link/ha-link.ts",
  "packages/hax/src/link/lane.ts",
  "packages/hax/src/link/limits.ts",
  "packages/hax/src/link/link-record.ts",
  "packages/hax/src/link/link-table.ts",
  "packages/hax/src/m0d/lines.ts",
  "packages/hax/src/m0d/motr-process.ts",
  "packages/hax/src/m0d/peer-ports.ts",
  "packages/hax/src/m0d/receiving.ts",
  "packages/hax/src/motr/",
  "packages/asic-channel/src/archive/archive-lines.ts",
  "packages/asic-channel/src/archive/checkpoint.ts",
  "packages/asic-channel/src/archive/entry-order.ts",
  "packages/asic-channel/src/archive/history-filter.ts",
  "packages/asic-channel/src/asic-error.ts",
  "packages/asic-channel/src/grpc-queue/traits.ts",
  "packages/asic-channel/src/grpc/observed.ts",
  "packages/asic-channel/src/grpc/reflection.ts",
  "packages/asic-channel/src/grpc/taps.ts",
  "packages/asic-channel/src/grpc/traits.ts",
  "packages/asic-channel/src/grpc/typed-value.ts",
  "packages/asic-channel/src/grpc/wire.ts",
  "packages/asic-channel/src/notification.ts",
  "packages/asic-channel/src/object-id.ts",
  "packages/asic-channel/src/object-key.ts",
  "packages/asic-channel/src/op.ts",
  "packages/asic-channel/src/player/compare.ts",
  "packages/asic-channel/src/player/summary.ts",
  "packages/asic-channel/src/player/vid-map.ts",
  "packages/asic-channel/src/recording/",
  "packages/asic-channel/src/reply.ts",
  "packages/asic-channel/src/request.ts",
  "packages/asic-channel/src/sai/",
  "packages/asic-channel/src/status.ts",
  "packages/asic-channel/src/transport.ts",
  "packages/asic-channel/src/syncd/journal.ts",
  "packages/asic-channel/src/syncd/names.ts",
  "packages/asic-channel/src/syncd/operation.ts",
  "packages/asic-channel/src/syncd/rows.ts",
  "packages/asic-channel/src/syncd/syncd-event.ts",
  "packages/asic-channel/src/syncd/vid-map.ts",
  "packages/asic-channel/src/value/",
  "packages/asic-channel/src/view/",
  "packages/asic-channel/src/virtual-asic/boot.ts",
  "packages/asic-channel/src/virtual-asic/call.ts",
  "packages/asic-channel/src/virtual-asic/core.ts",
  "packages/asic-channel/src/virtual-asic/lines.ts",
  "packages/asic-channel/src/virtual-asic/objects.ts",
  "packages/asic-channel/src/zmq/ids.ts",
  "packages/asic-channel/src/zmq/traits.ts",
  "packages/asic-channel/src/zmq/wire.ts",
  "packages/lab/src/bfd/session.ts",
  "packages/lab/src/controller/plan.ts",
  "packages/lab/src/controller/step.ts",
  "packages/lab/src/controller/wanted-rows.ts",
  "packages/lab/src/dpu/bfd-responders.ts",
  "packages/lab/src/dpu/channel.ts",
  "packages/lab/src/dpu/core-types.ts",
  "packages/lab/src/dpu/core.ts",
  "packages/lab/src/dpu/data-path.ts",
  "packages/lab/src/dpu/draft.ts",
  "packages/lab/src/dpu/flow-sync.ts",
  "packages/lab/src/dpu/flows.ts",
  "packages/lab/src/dpu/ha-state.ts",
  "packages/lab/src/dpu/machine-guards.ts",
  "packages/lab/src/dpu/machine-state.ts",
  "packages/lab/src/dpu/machine.ts",
  "packages/lab/src/dpu/orch-rows.ts",
  "packages/lab/src/dpu/orch-scope.ts",
  "packages/lab/src/dpu/orch.ts",
  "packages/lab/src/dpu/scope-reports.ts",
  "packages/lab/src/network.ts",
  "packages/lab/src/npu/next-hop.ts",
  "packages/lab/src/pmon/planes.ts",
  "packages/lab/src/sim/draw-plan.ts",
  "packages/lab/src/sim/fault-plan.ts",
  "packages/lab/src/sim/report.ts",
  "packages/lab/src/topology.ts",
  "packages/lab/src/check/",
  "packages/lab/src/view/event-lines.ts",
  "packages/lab/src/view/frame.ts",
  "packages/lab/src/view/screen.ts",
  "packages/lab/src/view/snapshot.ts",
  "packages/lab/src/view/take-snapshot.ts",
  "packages/lab/src/dpu/core.ts",
  "packages/lab/src/dpu/data-path.ts",
  "packages/lab/src/dpu/machine.ts",
  "packages/lab/src/dpu/orch.ts",
  "packages/lab/src/controller/plan.ts",
  "packages/lab/src/controller/step.ts",
  "packages/cli/src/doctor/check-bus.ts",
  "packages/cli/src/doctor/check-config.ts",
  "packages/cli/src/doctor/check-databases.ts",
  "packages/cli/src/doctor/check-hamgrd.ts",
  "packages/cli/src/doctor/check.ts",
  "packages/cli/src/doctor/diagnose.ts",
  "packages/cli/src/drift/compare.ts",
  "packages/cli/src/remote-places.ts",
  "packages/cli/src/topology-view.ts",
  "packages/cli/src/render/",
];

/** The machine's clock and randomness, which only the system adapters may touch. */
const AMBIENT = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bset(?:Timeout|Interval)\(|\bperformance\.now\(/;

/** Modules that do nothing but compute. */
const COMPUTING = new Set(["node:buffer", "node:net", "node:util"]);

const isCore = (path: string): boolean =>
  !isTestCode(path) && CORE.some((core) => path === core || (core.endsWith("/") && path.startsWith(core)));

test("every entry of the core list stands for a file", () => {
  const paths = sources();
  expect(CORE.filter((core) => !paths.some((path) => path.startsWith(core)))).toEqual([]);
});

test("core files do no I/O and wait for nothing", () => {
  const faults = sources()
    .filter(isCore)
    .flatMap((path) => {
      const source = textOf(path);
      const modules = importsOf(source).filter(
        (name) => (name.startsWith("node:") && !COMPUTING.has(name)) || ["@redis/client", "zeromq"].includes(name),
      );
      const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/"async"/g, '""');
      const words = [...code.matchAll(/\basync\b|\bawait\b|\bprocess\.(?:env|exit|stdout|stderr)\b/g)].map(
        ([word]) => word,
      );
      return [...modules, ...new Set(words)].map((what) => `${path}: ${what}`);
    });
  expect(faults).toEqual([]);
});

test("clock, timers and randomness of the machine are touched in base's system adapters only", () => {
  const faults = sources()
    .filter((path) => !isTestCode(path) && !path.startsWith("packages/base/src/system-"))
    .filter((path) => AMBIENT.test(textOf(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")));
  expect(faults).toEqual([]);
});

test.each([
  ["@redis/client", /^packages\/swss\/src\/redis-client\.ts$/],
  ["zeromq", /^packages\/(?:swss\/src\/zmq-\w*-?sockets\.ts$|bench\/src\/floors\/)/],
  ["node:http2", /^packages\/(?:wire\/src|bench\/src\/floors)\//],
  ["@opentelemetry/sdk-trace-base", /^packages\/hamgrd\/src\/telemetry\//],
  ["@grpc/grpc-js", /^packages\/asic-channel\/src\/grpc\/(?:service|observer|definition)\.ts$/],
  ["fastify", /^packages\/(?:northbound|hax)\/src\/http\//],
  ["commander", /^packages\/cli\/src\/(?:program|swbus-cli)\.ts$/],
] as const)("%s is used in its shell only", (library, shell) => {
  const users = sources().filter((path) => !isTestCode(path) && importsOf(textOf(path)).includes(library));
  expect(users.length).toBeGreaterThan(0);
  expect(users.filter((path) => !shell.test(path))).toEqual([]);
});
