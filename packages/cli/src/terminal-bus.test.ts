import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cliIsBuilt, cliPath, runCli } from "./testing/run-cli.js";

const NODE = "region-a.cluster-a.switch1-dpu0";
const PEER = "region-a.cluster-a.switch2-dpu0";
/** Seconds that a probe may take on a busy machine. */
const PATIENT = ["-t", "60"] as const;

let folder: string;
const configs: string[] = [];
const daemons: ChildProcess[] = [];

beforeEach((context) => needs(context, cliIsBuilt, "the CLI is not built; ./tandem test builds it"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-cli-bus-"));
  const endpoints = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  for (const [i, node] of [NODE, PEER].entries()) {
    const config = join(folder, `swbusd${i}.yaml`);
    const route = `endpoint: "${endpoints[i]}"\nroutes:\n  - { key: "${node}", scope: InCluster }\n`;
    writeFileSync(config, `${route}peers:\n  - { endpoint: "${endpoints[1 - i]}", conn_type: InCluster }\n`);
    configs.push(config);
    if (cliIsBuilt) daemons.push(startDaemon(config));
  }
  const others = [PEER, NODE];
  await Promise.all(daemons.map((daemon, i) => said(daemon, new RegExp(`: connected .*path=${others[i]}`))));
});

afterAll(async () => {
  for (const daemon of daemons) expect(await endOf(daemon)).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

function startDaemon(config: string): ChildProcess {
  const env = { ...process.env, TANDEM_LOG: "stderr" };
  return spawn(process.execPath, [cliPath("main"), "swbusd", "-c", config], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** Resolves when the daemon has logged it. */
function said(daemon: ChildProcess, match: RegExp): Promise<void> {
  let log = "";
  return new Promise((resolve) =>
    daemon.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (match.test(log)) resolve();
    }),
  );
}

/** Tells the daemon to end; its exit code. */
function endOf(daemon: ChildProcess): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => daemon.once("close", resolve));
  daemon.stderr?.resume();
  daemon.kill("SIGTERM");
  return ended;
}

const bus = (...words: readonly string[]) => runCli([...words, "--config-file", configs[0] ?? ""]);
const swbusCli = (...words: readonly string[]) => runCli(["-c", configs[0] ?? "", ...words], {}, "swbus-cli");

test("ping prints swbus-cli's lines and exits 0", async () => {
  const { exitCode, stdout, stderr } = await bus("ping", NODE, "-c", "2", "-i", "0", ...PATIENT);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(
    new RegExp(
      `^PING ${NODE}\\nResponse received: ping_seq=0, ttl=\\d+, time=\\d+\\.\\d{3}ms\\nResponse received: ping_seq=1, `,
    ),
  );
});

test("ping of a path that nobody has fails with what the router said", async () => {
  const { exitCode, stdout, stderr } = await bus("ping", "region-a.cluster-a.nobody", "-c", "1", ...PATIENT);
  expect(exitCode).toBe(1);
  expect(stdout).toContain(`ping_seq 0: ${NODE} => NO_ROUTE:Route not found\n`);
  expect(stderr).toBe("tandem ping: region-a.cluster-a.nobody: no good answer to 1 probes\n");
});

test("ping --json is one object a line", async () => {
  const { stdout } = await bus("ping", NODE, "-c", "1", "--json", ...PATIENT);
  expect(JSON.parse(stdout)).toMatchObject({ schema: "tandem.ping.v1", destination: NODE, seq: 0, kind: "answered" });
});

test("trace-route ends at the destination", async () => {
  const { exitCode, stdout } = await bus("trace-route", NODE, ...PATIENT);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    new RegExp(`^traceroute to ${NODE}, 10 hops max\\n1  ${NODE}  \\d+\\.\\d{3}ms  \\d+ hops\\n$`),
  );
});

test("show swbusd route shows the peer in swbus-cli's table", async () => {
  expect((await bus("ping", PEER, "-c", "1", ...PATIENT)).exitCode).toBe(0);
  const { exitCode, stdout } = await bus("show", "swbusd", "route");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^\+-+\+-+\+-+\+-+\+-+\+\n\| service_path +\| hop_count \| nh_id +\| route_scope +\| nh_service_path +\|/,
  );
  expect(stdout).toMatch(
    new RegExp(`\\| ${PEER} \\| 1 +\\| swbs-\\w+://127\\.0\\.0\\.1:\\d+ +\\| ROUTE_SCOPE_IN_CLUSTER \\| ${PEER} \\|`),
  );
});

test("show hamgrd actor without a hamgrd says who answered", async () => {
  const { exitCode, stdout, stderr } = await bus("show", "hamgrd", "actor", "/hamgrd/0/dpu/x");
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toBe(
    `tandem show hamgrd actor: ${NODE}/hamgrd/0/dpu/x: ${NODE}/hamgrd/0/dpu/x: NO_ROUTE: Route not found; actors are dpu/<dpu>, vdpu/<vdpu>, ha-set/<set> and ha-scope/<vdpu>:<scope> below /hamgrd/0\n`,
  );
});

test("swbus-cli prints the same lines and exits 0 whatever the bus answers", async () => {
  const refused = await swbusCli("ping", "region-a.cluster-a.nobody", "-c", "1", ...PATIENT);
  expect(refused).toEqual({
    exitCode: 0,
    stdout: `PING region-a.cluster-a.nobody\nping_seq 0: ${NODE} => NO_ROUTE:Route not found\n`,
    stderr: "",
  });
  const actor = await swbusCli("show", "hamgrd", "actor", "/hamgrd/0/dpu/x");
  expect(actor).toMatchObject({ exitCode: 0, stdout: "SWBUS_ERROR_CODE_NO_ROUTE:Route not found\n" });
  const routes = await swbusCli("show", "swbusd", "route");
  expect(routes.stdout).toContain("| ROUTE_SCOPE_IN_CLUSTER |");
  const usage = await swbusCli("ping");
  expect(usage.exitCode).toBe(2);
});

test("a second daemon on the same port says so and keeps trying until it is told to end", async () => {
  const second = startDaemon(configs[0] ?? "");
  await said(second, /EADDRINUSE|in use/);
  expect(await endOf(second)).toBe(0);
});
