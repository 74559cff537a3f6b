import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp, seconds, systemClock, systemRandom, unwrap } from "@tandem/base";
import { afterEach, expect, test } from "vitest";
import { type ConsulDouble, startConsulDouble } from "../consul-double/consul-double.js";
import { typedFid } from "../fid.js";
import { parseLinkAddress } from "../link/address.js";
import { M0d } from "../m0d/m0d.js";
import { GOOD_MANNERS } from "../m0d/peer-ports.js";
import { HaxProgram } from "../testing/hax-program.js";

const LIMIT = { timeout: 120_000 };
const KEY = "processes/0x7200000000000001:0x10";

let cleanUp = new CleanUp();
afterEach(async () => {
  await cleanUp[Symbol.asyncDispose]();
  cleanUp = new CleanUp();
});

interface Stage {
  readonly consul: ConsulDouble;
  readonly folder: string;
  readonly link: string;
  readonly hax: (...args: readonly string[]) => HaxProgram;
  readonly m0d: () => HaxProgram;
}

/** A Consul with one confd, whose node leads; and what starts the rest. */
async function stage(): Promise<Stage> {
  const consul = cleanUp.use(await startConsulDouble({ node: "alpha1" }));
  const folder = await mkdtemp(join(tmpdir(), "hax-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const put = (path: string, body: string) => fetch(new URL(path, consul.url), { method: "PUT", body });
  await put("/v1/kv/m0conf/nodes/alpha1/processes/9/services/rms", "10");
  await put("/v1/kv/m0conf/nodes/alpha1/processes/9/services/confd", "11");
  await put("/v1/kv/m0conf/nodes/alpha1/processes/16/services/ios", "18");
  const confd = {
    ID: "9",
    Name: "confd",
    Address: "inet:tcp:10.9.8.11",
    Port: 21002,
    Meta: { transport_type: "libfab" },
  };
  await put("/v1/agent/service/register", JSON.stringify(confd));
  const session = await put("/v1/session/create", JSON.stringify({ Name: "leader", Node: "alpha1" }));
  const { ID } = (await session.json()) as { ID: string };
  await put(`/v1/kv/leader?acquire=${ID}`, "alpha1");
  const link = `unix:${join(folder, "link.sock")}`;
  const common = ["--node", "alpha1", "--listen", link, "--consul", consul.url.href, "--http", "127.0.0.1:0"];
  return {
    ...{ consul, folder, link },
    hax: (...args) => cleanUp.use(new HaxProgram(...common, "--journal", join(folder, "journal"), ...args)),
    m0d: () => cleanUp.use(new HaxProgram("m0d", "--hax", link, "--fid", "0x7200000000000001:0x10")),
  };
}

async function addressOf(hax: HaxProgram): Promise<URL> {
  return new URL(/http:\S+/.exec(await hax.line(/watches at http/))?.[0] as string);
}

async function stored({ consul }: Stage): Promise<string | undefined> {
  const answer = await fetch(new URL(`/v1/kv/${KEY}?raw=1`, consul.url));
  if (answer.status !== 200) return undefined;
  const body = await answer.text();
  if (!body.startsWith("[")) return body;
  const [{ Value }] = JSON.parse(body) as [{ Value: string }];
  return Buffer.from(Value, "base64").toString();
}

test("R1 R3 R6 R12 R20 R22: a process gets its entrypoint, and Consul its status, byte for byte", LIMIT, async () => {
  const world = await stage();
  const hax = world.hax();
  await addressOf(hax);
  const m0d = world.m0d();
  expect(await m0d.line(/entrypoint: 1 confds/)).toContain(
    "entrypoint: 1 confds, quorum 1, RM 0x7300000000000001:0xa at inet:tcp:10.9.8.11@21002",
  );
  await m0d.line(/delivered 4/);
  expect(await stored(world)).toBe('{"state": "M0_CONF_HA_PROCESS_STARTED", "type": "M0_CONF_HA_PROCESS_M0D"}');
  hax.child.kill("SIGTERM");
  expect(await hax.gone).toBe(0);
});

test("R9: while nobody leads a process is told to ask again, and is served once somebody does", LIMIT, async () => {
  const world = await stage();
  world.consul.turn({ noLeader: true });
  const hax = world.hax();
  await addressOf(hax);
  const m0d = world.m0d();
  await m0d.line(/entrypoint: not now/);
  world.consul.turn({ noLeader: false });
  await m0d.line(/entrypoint: 1 confds/);
});

test("an event that Consul does not take is kept on disk: a kill of hax does not lose it", LIMIT, async () => {
  const world = await stage();
  const first = world.hax();
  await addressOf(first);
  const m0d = world.m0d();
  await m0d.line(/delivered 4/);
  world.consul.turn({ noLeader: true });
  m0d.child.kill("SIGTERM");
  const journal = (): Promise<string> => readFile(join(world.folder, "journal"), "utf8").catch(() => "");
  await expect.poll(journal, { timeout: seconds(30) }).toContain("M0_CONF_HA_PROCESS_STOPPED");
  first.child.kill("SIGKILL");
  await first.gone;
  const second = world.hax();
  await addressOf(second);
  world.consul.turn({ noLeader: false });
  await expect.poll(() => stored(world), { timeout: seconds(30) }).toContain("M0_CONF_HA_PROCESS_STOPPED");
});

test("bad bodies are one clear error each, and hax goes on", LIMIT, async () => {
  const world = await stage();
  const token = "0123456789abcdef-token";
  await writeFile(join(world.folder, "token"), `${token}\n`);
  const url = await addressOf(world.hax("--body-max", "4096", "--token-file", join(world.folder, "token")));
  const authorization = `Bearer ${token}`;
  const post = async (path: string, body: string, headers: Record<string, string> = { authorization }) => {
    const answer = await fetch(new URL(path, url), { method: "POST", body, headers });
    const text = await answer.text();
    return { status: answer.status, ...(text === "" ? {} : (JSON.parse(text) as object)) };
  };
  expect(await post("/", "{")).toMatchObject({ status: 400, reason: "Bad JSON provided" });
  expect(await post("/", "null")).toEqual({ status: 200 });
  expect(await post("/", "[]")).toEqual({ status: 200 });
  expect(await post("/", `${"[".repeat(1500)}${"]".repeat(1500)}`)).toMatchObject({ status: 400 });
  const odd = '[{"Node":{"Node":"b1"},"Service":{"ID":"moon","Service":"ios"},"Checks":[]}]';
  expect(await post("/", odd)).toMatchObject({
    status: 400,
    error_message: expect.stringContaining('service id "moon"'),
  });
  expect(await post("/", JSON.stringify("x".repeat(5000)))).toMatchObject({ status: 413 });
  expect(await post("/watcher/bq", "null")).toEqual({ status: 200 });
  expect(await post("/watcher/bq", '{"Key":1}')).toMatchObject({ status: 400 });
  expect(await post("/watcher/moon", "[]")).toMatchObject({ status: 404 });
  expect(await post("/", "[]", {})).toMatchObject({ status: 401 });
  expect((await fetch(new URL("/ready", url))).status).toBe(200);
  const metrics = await (await fetch(new URL("/metrics", url))).text();
  expect(metrics).toContain("tandem_hax_links 0");
  expect(metrics).toMatch(/tandem_hax_consul_calls_total\{method="GET",outcome="answered"\} \d/);
});

test.each([
  [["--http", "x"], "--http"],
  [["--http", "0.0.0.0:1"], "needs --token-file"],
  [["--listen", "moon"], "expected unix:PATH"],
  [["--link-tls", "a"], "expected CERT,KEY,CA"],
  [["--not-passing", "maybe"], "expected graded, failed or transient"],
] as const)("tandem hax %j is wrong usage, said in one line", LIMIT, async (args, says) => {
  const hax = cleanUp.use(new HaxProgram(...args));
  expect(await hax.gone).toBe(2);
  expect(hax.said).toHaveLength(1);
  expect(hax.said[0]).toContain(says);
});

test("--strict-seed panics at what the RFC panics at: exit code 70, the whole message in the log", LIMIT, async () => {
  const world = await stage();
  const hax = world.hax("--strict-seed");
  await addressOf(hax);
  const m0d = cleanUp.use(
    new M0d({
      address: unwrap(parseLinkAddress(world.link)),
      who: {
        ...{ process: typedFid("r", 1n, 0x10n), endpoint: "inet:tcp:10.9.8.11@21003", type: "M0D", gitRev: "x" },
        ...{ pid: 4242n, linkId: 7n },
      },
      ...{ manners: GOOD_MANNERS, clock: systemClock, random: systemRandom, observer: () => {} },
    }),
  );
  await m0d.until(({ working }) => working);
  m0d.motr.send({ type: "BE_IO_ERR", errcode: 5, location: "LOG", opcode: "WRITE" });
  expect(await hax.gone).toBe(70);
  const dumped = await hax.line(/BE_IO_ERR/);
  expect(dumped).toContain("0x7200000000000001:0x10");
  expect(dumped).toContain('{"type":"BE_IO_ERR","errcode":5,"location":"LOG","opcode":"WRITE"}');
  expect(dumped).toContain("hax ends, as --strict-seed wants it");
});
