import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, unwrap } from "@tandem/base";
import { databaseConfigText } from "@tandem/swss/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GrpcChannelClient } from "../grpc/client.js";
import { grpcEndpoints } from "../grpc/options.js";
import { GrpcChannelServer } from "../grpc/server.js";
import { create } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";

const MAIN = new URL("../../dist/main.js", import.meta.url).href;
const CODE = `import(${JSON.stringify(MAIN)}).then(async (m) => process.exit(await m.asicRecordMain(process.argv.slice(1), process.env)))`;

let folder: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-record-"));
  await writeFile(join(folder, "db.json"), databaseConfigText({ socket: join(folder, "none.sock") }));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** A recorder in a process of its own; `says` resolves when its log has a text, or it ended. */
function recorder(args: readonly string[]) {
  const words = [join(folder, "now.rec"), "--db-config", join(folder, "db.json"), ...args];
  const child = spawn(process.execPath, ["-e", CODE, "--", ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TANDEM_LOG: "stderr" },
  });
  children.add(child);
  let log = "";
  let look = (): void => {};
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    look();
  });
  const ended = once(child, "close").then(([code]) => {
    children.delete(child);
    return { code: code as number, log };
  });
  const says = (text: string): Promise<unknown> => {
    const said = new Promise<void>((resolve) => {
      look = () => {
        if (log.includes(text)) resolve();
      };
      look();
    });
    return Promise.race([said, ended]);
  };
  return { child, ended, says };
}

/** A context of which nobody serves gRPC on this machine, and its server. */
async function freeServer(owner: { name: string; host: string; pid: number; since: number }) {
  for (let guid = 255; guid > 0; guid--) {
    const opened = await GrpcChannelServer.open({ ...grpcEndpoints(guid), clock: systemClock, owner });
    if (opened.ok) return { guid, server: opened.value };
  }
  throw new Error("every context has a server");
}

test("a recorder whose server goes has what was said, and fails: a supervisor starts it again", {
  timeout: 60_000,
}, async () => {
  const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
  const { guid, server } = await freeServer(owner);
  const contexts = {
    CONTEXTS: [
      {
        guid,
        name: "test",
        dbAsic: "ASIC_DB",
        dbCounters: "COUNTERS_DB",
        dbFlex: "FLEX_COUNTER_DB",
        dbState: "STATE_DB",
        switches: [{ index: 0, hwinfo: "" }],
      },
    ],
  };
  await writeFile(join(folder, "contexts.json"), JSON.stringify(contexts));
  const ending = new AbortController();
  const served = server.serve(new TestSyncd(), ending.signal);
  const recording = recorder(["--via", "grpc", "-x", join(folder, "contexts.json"), "-g", String(guid)]);
  await recording.says("records what passes");
  const client = unwrap(
    await GrpcChannelClient.open({ endpoint: grpcEndpoints(guid).endpoint, clock: systemClock, owner }),
  );
  unwrap(await client.request(create(1)));
  await client[Symbol.asyncDispose]();
  ending.abort();
  await served;
  await server[Symbol.asyncDispose]();
  const { code, log } = await recording.ended;
  expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining("grpc: the server is gone") });
  expect(await readFile(join(folder, "now.rec"), "utf8")).toMatch(/\|c\|SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid/);
});

test("what cannot be observed is refused with what can, and with who records the rest", {
  timeout: 60_000,
}, async () => {
  expect(await recorder(["--via", "zmq"]).ended).toEqual({
    code: 2,
    log: expect.stringContaining("expected one of streams, grpc, grpc-queue; tandem asic gateway records others"),
  });
});
