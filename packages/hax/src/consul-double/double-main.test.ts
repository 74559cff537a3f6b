import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CleanUp } from "@tandem/base";
import { type HostedProcess, systemProcesses } from "@tandem/daemon";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FAULTS_PATH } from "./consul-double.js";

const CLI = fileURLToPath(new URL("../../../cli/dist/main.js", import.meta.url));
const LIMIT = { timeout: 120_000 };

let cleanUp: CleanUp;
let folder: string;
let start: (...args: readonly string[]) => HostedProcess;
beforeEach(async () => {
  cleanUp = new CleanUp();
  const processes = cleanUp.use(systemProcesses());
  folder = await mkdtemp(join(tmpdir(), "consul-double-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  start = (...args) =>
    processes.start({
      ...{ name: "double", command: process.execPath, args: [CLI, "hax", "consul-double", ...args] },
      log: join(folder, "log"),
    });
});
afterEach(() => cleanUp[Symbol.asyncDispose]());

async function urlOf(double: HostedProcess, node: string): Promise<URL> {
  const line = await double.untilLine(new RegExp(`agent of ${node} at`), AbortSignal.timeout(60_000));
  return new URL(/http:\S+/.exec(line)?.[0] as string);
}

async function put(url: URL, path: string, body = ""): Promise<unknown> {
  const answer = await fetch(new URL(path, url), { method: "PUT", body });
  const text = await answer.text();
  expect(answer.status, `${path}: ${text}`).toBe(200);
  return text === "" ? undefined : JSON.parse(text);
}

const get = async (url: URL, path: string): Promise<unknown> => (await fetch(new URL(path, url))).json();

test("what was answered to outlives kill -9: keys, locks, services, checks and indexes", LIMIT, async () => {
  const flags = ["--agent", "b1,0", "--agent", "b2,0", "--data", join(folder, "data")] as const;
  const first = start(...flags);
  const [b1, b2] = [await urlOf(first, "b1"), await urlOf(first, "b2")];
  await put(b2, "/v1/agent/service/register", '{"Name":"ios","ID":"16","Check":{"TTL":"60s","Status":"passing"}}');
  const { ID } = (await put(b2, "/v1/session/create", '{"Node":"b2","TTL":"60s"}')) as { ID: string };
  await put(b2, `/v1/kv/leader?acquire=${ID}`, "b2");
  await Promise.all(Array.from({ length: 50 }, (_, i) => put(i % 2 === 0 ? b1 : b2, `/v1/kv/many/${i}`, `${i}`)));
  await fetch(new URL("/v1/kv/many/7", b1), { method: "DELETE" });
  const reads = ["/v1/kv/?recurse", "/v1/health/service/ios", `/v1/session/info/${ID}`, "/v1/catalog/nodes"];
  const before = await Promise.all(reads.map((path) => get(b1, path)));
  first.kill("SIGKILL");
  await first.ended;
  const again = await urlOf(start(...flags), "b1");
  expect(await Promise.all(reads.map((path) => get(again, path)))).toEqual(before);
  const index = async (path: string) => Number((await fetch(new URL(path, again))).headers.get("X-Consul-Index"));
  const deleted = await index("/v1/kv/many/?recurse");
  await put(again, "/v1/kv/many/8", "again");
  expect(await index("/v1/kv/many/?recurse")).toBe(deleted + 1);
});

test("fault switches are turned over HTTP, and a wrong one is refused in one line", LIMIT, async () => {
  const url = await urlOf(start("--agent", "b1,0"), "b1");
  expect(await put(url, FAULTS_PATH, '{"noLeader":true}')).toMatchObject({ noLeader: true, failing: false });
  expect(await (await fetch(new URL("/v1/kv/x", url))).text()).toBe("No cluster leader");
  expect(await get(url, FAULTS_PATH)).toMatchObject({ noLeader: true });
  const refused = async (body: string): Promise<string> => {
    const answer = await fetch(new URL(FAULTS_PATH, url), { method: "PUT", body });
    expect(answer.status).toBe(400);
    return answer.text();
  };
  expect(await refused('{"moon":true}')).toContain("moon: no such switch; there are noLeader");
  expect(await refused('{"slow":-1}')).toBe("slow: expected a number, 0 or more");
  expect(await refused('{"failing":1}')).toBe("failing: expected true or false");
  expect(await refused("[")).toBe("the body is not JSON");
  // Consul holds a call for a while, and carries it out for a caller that has gone.
  await put(url, FAULTS_PATH, '{"holds":60000}');
  const given = new AbortController();
  const late = fetch(new URL("/v1/kv/late", url), { method: "PUT", body: "1", signal: given.signal });
  const taken = async () => ((await get(url, FAULTS_PATH)) as { readonly held: number }).held === 1;
  while (!(await taken())) await get(url, FAULTS_PATH);
  given.abort();
  await expect(late).rejects.toThrow();
  await put(url, FAULTS_PATH, '{"noLeader":false,"holds":0}');
  while ((await fetch(new URL("/v1/kv/late", url))).status !== 200) await get(url, FAULTS_PATH);
  await put(url, FAULTS_PATH, '{"noLeader":false}');
  expect((await fetch(new URL("/v1/kv/x", url))).status).toBe(404);
});

test.each([
  [["--agent", "b1"], "expected NODE,PORT"],
  [["--agent", "b1,1", "--agent", "b1,2"], "b1 is named twice"],
  [[], "--agent is needed"],
  [["--agent", "b1,0,/nowhere/b1.json"], "/nowhere/b1.json: cannot be read"],
] as const)("%j is wrong usage, said in one line", LIMIT, async (args, says) => {
  const double = start(...args);
  expect((await double.ended).code).toBe(2);
  expect(double.lines).toHaveLength(1);
  expect(double.lines[0]).toContain(says);
});

test("a kept state that cannot be read ends it: nobody goes on without his data", LIMIT, async () => {
  await writeFile(join(folder, "state.json"), "{");
  const double = start("--agent", "b1,0", "--data", folder);
  expect((await double.ended).code).toBe(1);
  expect(double.lines[0]).toContain("is no state of this double");
});
