import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { needs } from "@tandem/base/testing";
import { ALERTS, evaluate, parseSamples } from "@tandem/hamgrd";
import { freePort } from "@tandem/swss/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cliIsBuilt, cliPath, runCli } from "./testing/run-cli.js";

const NODE = "region-a.cluster-a.switch1-dpu0";
const PEER = "region-a.cluster-a.switch2-dpu0";
const SCRIPT = fileURLToPath(new URL("../../../packaging/bus-certificates", import.meta.url));
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

let folder: string;
const certificates = (...words: readonly string[]): string => certificatesFor({}, ...words);
const certificatesFor = (env: Readonly<Record<string, string>>, ...words: readonly string[]): string =>
  execFileSync(SCRIPT, [...words], { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", ...env } });
const file = (name: string): string => join(folder, name);

/** A swbusd process and what it says. */
class Daemon {
  log = "";
  #grown = (): void => {};
  readonly #child: ChildProcess;

  constructor(words: readonly string[]) {
    this.#child = spawn(process.execPath, [cliPath("main"), "swbusd", ...words], {
      env: { PATH: process.env["PATH"] ?? "", TANDEM_LOG: "stderr" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
      this.#grown();
    });
  }

  /** Waits until it has said this after `from` characters. */
  async says(what: RegExp, from = 0): Promise<void> {
    while (!what.test(this.log.slice(from)))
      await new Promise<void>((resolve) => {
        this.#grown = resolve;
      });
  }

  reload(): void {
    this.#child.kill("SIGHUP");
  }

  end(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGTERM");
    return ended;
  }
}

beforeEach((context) => {
  needs(context, cliIsBuilt, "the CLI is not built; ./tandem test builds it");
  needs(context, hasOpenssl, "openssl is not installed");
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-cli-tls-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("bus-certificates makes a CA once, and refuses what is no service path", () => {
  const own = file("own");
  expect(certificates("ca", own)).toBe(`${own}/ca.pem\n`);
  expect(certificates("ca", own)).toBe(`${own}/ca.pem is there already\n`);
  expect(certificates("node", own, "n", NODE, `${PEER}/hamgrd`)).toBe(`${own}/n.yaml\n`);
  const refused = spawnSync(SCRIPT, ["node", own, "n", "no path"], { encoding: "utf8" });
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("bus-certificates: no path: ") });
  expect(spawnSync(SCRIPT, ["node", file("nowhere"), "n", NODE], { encoding: "utf8" })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("first: bus-certificates ca"),
  });
  expect(spawnSync(SCRIPT, []).status).toBe(2);
});

describe("two swbusd with certificates of that script", () => {
  const daemons: Daemon[] = [];
  const configs: string[] = [];

  beforeAll(async () => {
    if (!cliIsBuilt || !hasOpenssl) return;
    certificates("ca", folder);
    const endpoints = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    for (const [i, node] of [NODE, PEER].entries()) {
      certificates("node", folder, `node${i}`, node);
      // In the lab all addresses are of the loopback.
      appendFileSync(file(`node${i}.yaml`), "  loopback: true\n");
      const config = file(`swbusd${i}.yaml`);
      const route = `endpoint: "${endpoints[i]}"\nroutes:\n  - { key: "${node}", scope: InCluster }\n`;
      const peers = `peers:\n  - { endpoint: "${endpoints[1 - i]}", conn_type: InCluster }\n`;
      const tls = `tls:\n  cert: node${i}.pem\n  key: node${i}.key\n  ca: ca.pem\n  loopback: true\n`;
      // One says it in its own file, the other by the flag.
      writeFileSync(config, i === 0 ? route + peers + tls : route + peers);
      configs.push(config);
      daemons.push(new Daemon(i === 0 ? ["-c", config] : ["-c", config, "--bus-security", file(`node${i}.yaml`)]));
    }
  });
  afterAll(async () => {
    for (const daemon of daemons) expect(await daemon.end()).toBe(0);
  });

  const pingPeer = (env: Record<string, string> = {}, ...words: readonly string[]) =>
    runCli(["ping", PEER, "-c", "1", "-t", "10", "--config-file", configs[0] ?? "", ...words], env);

  test("ping goes through both, with the certificate of swbusd's file, of the flag, of the environment", async () => {
    await daemons[0]?.says(new RegExp(`connected connection=swbs-\\S+ type=inCluster path=${PEER}`));
    for (const { exitCode, stderr, stdout } of await Promise.all([
      pingPeer(),
      pingPeer({}, "--bus-security", file("node0.yaml")),
      pingPeer({ TANDEM_BUS_SECURITY: file("node0.yaml") }),
    ])) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain("Response received: ping_seq=0, ttl=62");
    }
  }, 60_000);

  test("a certificate of another node is refused: the tool and the log say why", async () => {
    const { exitCode, stderr } = await pingPeer({ TANDEM_BUS_SECURITY: file("node1.yaml") });
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `tandem ping: no swbusd accepts us at ${/127\S+(?= within)/.exec(stderr)?.[0]} within 10 s; the certificate of CN=node1 names swbus:/${PEER}: expected swbus:/${NODE}\n`,
    );
    expect(daemons[0]?.log).toMatch(
      new RegExp(
        `stream refused.*remote=\\S+ claimed="${NODE}/swbus-cli/\\S+ as CLIENT" certificate="CN=node1 \\(swbus:/${PEER}\\)" reason=certificateName`,
      ),
    );
  }, 60_000);

  test("bad new files leave the last good ones in force; good ones are taken up on SIGHUP", async () => {
    const [daemon] = daemons;
    if (daemon === undefined) throw new Error("no daemon");
    const before = daemon.log.length;
    copyFileSync(file("node0.key"), file("good.key"));
    writeFileSync(file("node0.key"), "garbage");
    daemon.reload();
    await daemon.says(/node0\.key: no usable key: .*; the last good files stay in force/, before);
    certificates("node", folder, "tool", `${NODE}/swbus-cli`);
    appendFileSync(file("tool.yaml"), "  loopback: true\n");
    expect((await pingPeer({}, "--bus-security", file("tool.yaml"))).exitCode).toBe(0);
    copyFileSync(file("good.key"), file("node0.key"));
    certificates("node", folder, "node0", NODE);
    const then = daemon.log.length;
    daemon.reload();
    await daemon.says(/TLS: certificate of CN=node0 \(URI:swbus:\/\S+\) in force for new connections/, then);
    expect((await pingPeer()).exitCode).toBe(0);
  }, 60_000);
});

test("a security file that cannot be used is one line and exit code 1, for daemons and tools", async () => {
  const config = file("plain.yaml");
  writeFileSync(
    config,
    `endpoint: "127.0.0.1:${await freePort()}"\nroutes: [{ key: ${NODE}, scope: InCluster }]\npeers: []\n`,
  );
  const security = file("bad.yaml");
  writeFileSync(security, "tls:\n  cert: node0.pem\n  key: node0.key\n");
  const words = ["-c", config, "--bus-security", security];
  const daemon = await runCli(["swbusd", ...words], { TANDEM_LOG: "stderr" });
  expect(daemon).toMatchObject({
    exitCode: 1,
    stderr: `swbusd: ${security}:2 tls.ca: expected the path of a PEM file\n`,
  });
  const tool = await runCli(["ping", NODE, "--config-file", config, "--bus-security", security]);
  expect(tool).toMatchObject({
    exitCode: 1,
    stderr: `tandem ping: ${security}:2 tls.ca: expected the path of a PEM file\n`,
  });
  const missing = await runCli(
    ["hamgrd", "-s", "0", "--bus-security", file("none.yaml"), "--db-config", file("none.json")],
    {
      TANDEM_LOG: "stderr",
    },
  );
  expect(missing.exitCode).toBe(1);
}, 60_000);

test("a swbusd serves what raises the alerts of a peer that is down and of a certificate that ends, until they are mended", async () => {
  const home = file("alerts");
  certificates("ca", home);
  const [endpoint, peer, port] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`, await freePort()];
  const configOf = (node: string, at: string, other: string): string => {
    const config = join(home, `${node}.swbusd.yaml`);
    const route = `endpoint: "${at}"\nroutes:\n  - { key: "${node}", scope: InCluster }\n`;
    writeFileSync(config, `${route}peers:\n  - { endpoint: "${other}", conn_type: InCluster }\n`);
    return config;
  };
  const certify = (name: string, node: string, days: string): string => {
    certificatesFor({ DAYS: days }, "node", home, name, node);
    appendFileSync(join(home, `${name}.yaml`), "  loopback: true\n");
    return join(home, `${name}.yaml`);
  };
  const firing = async (): Promise<readonly string[]> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const scrape = { now: parseSamples(text), before: [], at: Date.now() / 1000 };
    return ALERTS.filter(({ expression }) => evaluate(expression, scrape).length > 0).map(({ name }) => name);
  };
  const words = ["-c", configOf(NODE, endpoint, peer), "--bus-security", certify("ours", NODE, "3")];
  const ours = new Daemon([...words, "--metrics-port", String(port)]);
  await ours.says(/info: listening /);
  expect(await firing()).toEqual(["TandemBusPeerDown", "TandemCertificateExpires"]);
  const theirs = new Daemon([
    ...["-c", configOf(PEER, peer, endpoint)],
    ...["--bus-security", certify("theirs", PEER, "30")],
  ]);
  await ours.says(new RegExp(`connected connection=swbs-to\\S+ type=inCluster path=${PEER}`));
  expect(await firing()).toEqual(["TandemCertificateExpires"]);
  const before = ours.log.length;
  certificatesFor({ DAYS: "30" }, "node", home, "ours", NODE);
  ours.reload();
  await ours.says(/TLS: certificate of CN=ours .* in force for new connections/, before);
  expect(await firing()).toEqual([]);
  expect([await ours.end(), await theirs.end()]).toEqual([0, 0]);
}, 120_000);
