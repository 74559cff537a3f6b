import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "@tandem/base";
import { HttpConsul } from "../consul/http-consul.js";
import type { WatchSpec } from "../consul-double/watch-poster.js";

/** A real agent in a process of its own. */
export interface ConsulAgent extends AsyncDisposable {
  readonly url: URL;
}

/** A server in memory, on ports of its own, whose node stands in its catalog. Killed at its end. */
export async function startConsulAgent(
  program: string,
  node: string,
  watches: readonly WatchSpec[] = [],
): Promise<ConsulAgent> {
  const [http, server, lan, wan] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const ports = { "http-port": http, "server-port": server, "serf-lan-port": lan, "serf-wan-port": wan };
  const off = ["dns-port", "grpc-port", "grpc-tls-port"].map((name) => `-${name}=-1`);
  const given = Object.entries(ports).map(([name, port]) => `-${name}=${port}`);
  const folder = await mkdtemp(join(tmpdir(), "consul-"));
  const file = join(folder, "watches.json");
  await writeFile(file, JSON.stringify({ watches: watches.map(configOf) }));
  const child = spawn(program, ["agent", "-dev", `-node=${node}`, `-config-file=${file}`, ...given, ...off], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const url = new URL(`http://127.0.0.1:${http}`);
  await using client = new HttpConsul({ clock: systemClock, addresses: [url] });
  // Ready once the node itself stands in the catalog with its check; of that, too, it says a line.
  for await (const _ of createInterface({ input: child.stdout })) {
    const checks = await client.nodeChecks(node);
    if (!checks.ok || checks.value.value.length === 0) continue;
    child.stdout.resume();
    return {
      url,
      [Symbol.asyncDispose]: async () => {
        child.kill("SIGKILL");
        await ended;
        await rm(folder, { recursive: true });
      },
    };
  }
  throw new Error(`${program} agent -dev ended with ${child.exitCode}`);
}

/** A watch as the agent's configuration has it. */
function configOf({ url, headers = {}, ...watch }: WatchSpec): unknown {
  const header = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const handler = { path: url.href, method: "POST", timeout: "10s", header };
  return { ...watch, handler_type: "http", http_handler_config: handler };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
