import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp } from "@tandem/base";
import { afterEach, expect, test } from "vitest";
import { startConsulDouble } from "../consul-double/consul-double.js";
import { HaxProgram } from "../testing/hax-program.js";

let cleanUp = new CleanUp();
afterEach(async () => {
  await cleanUp[Symbol.asyncDispose]();
  cleanUp = new CleanUp();
});

test("#1606, #1207: a hax that is told to stop takes watches while it waits for a process that hangs, then ends with 0", {
  timeout: 120_000,
}, async () => {
  const consul = cleanUp.use(await startConsulDouble({ node: "alpha1" }));
  const folder = await mkdtemp(join(tmpdir(), "hax-stop-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const link = `unix:${join(folder, "link.sock")}`;
  const hax = cleanUp.use(
    new HaxProgram("--node", "alpha1", "--consul", consul.url.href, "--listen", link, "--http", "127.0.0.1:0"),
  );
  const url = new URL(/http:\S+/.exec(await hax.line(/watches at/))?.[0] as string);
  const m0d = cleanUp.use(new HaxProgram("m0d", "--hax", link, "--fid", "0x7200000000000001:0x10"));
  await m0d.line(/linked/);
  m0d.child.kill("SIGSTOP");
  hax.child.kill("SIGTERM");
  await hax.line(/it stops/);
  const answer = await fetch(new URL("/", url), { method: "POST", body: "[]" });
  expect(answer.status).toBe(200);
  const [code] = await once(hax.child, "exit");
  expect(code).toBe(0);
});
