import { minutes, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { systemProcesses } from "@tandem/daemon";
import type { Answer, Expected, Mutation } from "@tandem/northbound";
import { Northbound } from "@tandem/northbound";
import { expect, test } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { ProcessCluster } from "../cluster/process-cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { Orchestrator, type SwitchApi } from "../testing/orchestrator.js";
import { missingForProcesses, REDIS_SERVER, TANDEM } from "../testing/tandem-command.js";
import type { DpuPlace, HaSetPlace } from "../topology.js";

/** Launch, planned shutdown, return, and a restart of the DPU: everything by the API, nothing by the lab's controller. */
async function story(cluster: Cluster, apis: ReadonlyMap<string, SwitchApi>): Promise<readonly string[]> {
  const told: string[] = [];
  const set = cluster.topology.haSets[0] as HaSetPlace;
  const [first, second] = set.dpus;
  const orchestrator = new Orchestrator(cluster, apis);
  const states = (): string => set.dpus.map((dpu: DpuPlace) => cluster.haState(dpu) ?? "off").join(" ");
  const reach = async (...wanted: readonly string[]): Promise<void> => {
    await orchestrator.until(set, () => wanted.includes(states()));
    told.push(states());
  };

  await orchestrator.program(set);
  await orchestrator.change(first, set, { kind: "intend", disabled: false });
  await orchestrator.change(second, set, { kind: "intend", disabled: false });
  await reach("active standby");
  await orchestrator.change(first, set, { kind: "intend", desired: "dead" });
  await reach("dead standalone");
  await orchestrator.change(first, set, { kind: "intend", desired: "unspecified" });
  await reach("standby active");

  await cluster.devices.dpu(first).powerOff();
  await reach("off standalone");
  const reported = () => cluster.rows(cluster.topology.switches[0] as never, "CHASSIS_STATE_DB", "DPU_STATE");
  const config = () => cluster.rows(cluster.topology.switches[0] as never, "APPL_DB", "DASH_HA_SCOPE_CONFIG_TABLE");
  await cluster.observer.until(() => reported().get(`DPU${first.slot}`)?.["dpu_control_plane_state"] === "down");
  await orchestrator.reset(first, set);
  await cluster.observer.until(() => !config().has(`${first.vdpuId}:${set.id}`));
  told.push("config deleted");
  unwrap(await cluster.devices.dpu(first).powerOn("keys"));
  await reach("standby active");
  return told;
}

const STORY = [
  ...["active standby", "dead standalone", "standby active"],
  ...["off standalone", "config deleted", "standby active"],
];

test("an orchestrator drives a pair through the API alone, under virtual time", async () => {
  const host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed: 7, daemons: SIMULATED_DAEMONS });
  await using cluster = await Cluster.start(host);
  const opened = new Map<string, Northbound>();
  for (const sw of cluster.topology.switches) {
    const { clock, random } = host;
    const northbound = unwrap(Northbound.open({ stores: host.stores(sw), clock, random }));
    await host.run("load", northbound.loaded, minutes(1));
    opened.set(sw.name, northbound);
  }
  const apis = new Map([...opened].map(([name, northbound]) => [name, direct(northbound)]));
  expect(await host.run("the story", story(cluster, apis), minutes(10))).toEqual(STORY);
  for (const northbound of opened.values()) await northbound[Symbol.asyncDispose]();
});

test("an orchestrator drives a pair by HTTP, on real processes", { timeout: 300_000 }, async (context) => {
  const missing = missingForProcesses();
  needs(context, missing === "", missing);
  const options = { switches: 2, dpusPerSwitch: 1, redisServer: REDIS_SERVER, tandem: TANDEM };
  const host = await ProcessCluster.create({ ...options, path: process.env["PATH"] ?? "" });
  await using cluster = await Cluster.start(host);
  await using processes = systemProcesses();
  const apis = new Map<string, SwitchApi>();
  for (const sw of cluster.topology.switches) {
    const [command, ...args] = TANDEM;
    const api = processes.start({
      ...{ name: `${sw.name}.api`, command, log: `${host.logFolder}/${sw.name}.api.log` },
      args: [...args, "api", "--db-config", host.databaseConfig(sw), "--port", "0"],
      env: { TANDEM_LOG: "stderr" },
    });
    const { signal } = new AbortController();
    const [base = ""] = /http:\S+/.exec(await api.untilLine(/listening on http/, signal)) ?? [];
    await api.untilLine(/every table has been read/, signal);
    apis.set(sw.name, byHttp(base));
  }
  expect(await host.run("the story", story(cluster, apis), minutes(4))).toEqual(STORY);
});

function direct(northbound: Northbound): SwitchApi {
  return {
    mutate: async (key, mutation, expected) => (await northbound.mutate(key, mutation, expected)).answer,
    startReset: async (key, vdpu, scope, version) => {
      const input = { vdpu, scope, expected: { kind: "version", version } as const, planesWithin: minutes(5) };
      return (await northbound.startReset(key, input)).answer;
    },
  };
}

function byHttp(base: string): SwitchApi {
  const ask = async (method: string, path: string, key: string, expected: Expected, body?: object): Promise<Answer> => {
    const response = await fetch(`${base}v1${path}`, {
      method,
      headers: {
        "idempotency-key": key,
        ...(expected.kind === "absent" ? { "if-none-match": "*" } : { "if-match": `"${expected.version}"` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  return {
    mutate: (key, mutation, expected) => {
      const [method, path, body] = routeOf(mutation);
      return ask(method, path, key, expected, body);
    },
    startReset: (key, vdpu, scope, version) =>
      ask("POST", `/scopes/${vdpu}/${scope}/reset`, key, { kind: "version", version }, { planes_within_seconds: 300 }),
  };
}

function routeOf(mutation: Mutation): readonly [method: string, path: string, body?: object] {
  const path = "set" in mutation ? `/sets/${mutation.set}` : `/scopes/${mutation.vdpu}/${mutation.scope}`;
  switch (mutation.kind) {
    case "createSet":
    case "createScope":
      return ["PUT", path, mutation.input];
    case "pin":
      return ["PUT", `${path}/pins`, { pins: mutation.pins }];
    case "intend": {
      const { desired: desired_ha_state, disabled } = mutation;
      return ["PATCH", path, { desired_ha_state, disabled }];
    }
    case "approve":
      return ["POST", `${path}/approvals`, { id: mutation.id, type: mutation.type }];
    default:
      return ["DELETE", path];
  }
}
