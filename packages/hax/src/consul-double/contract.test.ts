import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "@tandem/base";
import { HttpConsul } from "../consul/http-consul.js";
import { type ContractAgent, consulContract } from "../testing/consul-contract.js";
import { startConsulDouble } from "./consul-double.js";

const { CONSUL_BIN, PATH = "" } = process.env;
const binary =
  CONSUL_BIN ??
  PATH.split(delimiter)
    .map((folder) => join(folder, "consul"))
    .find(executable);

consulContract("the double", async () => {
  const double = await startConsulDouble({ node: "alpha1" });
  return agentAt(double.url, () => double[Symbol.asyncDispose]());
});

if (binary === undefined)
  console.log("Consul's contract is checked against the double only: CONSUL_BIN is not set, and no consul is on PATH");
else consulContract("a real agent", () => startAgent(binary));

function agentAt(url: URL, stop: () => Promise<void>): ContractAgent {
  const client = new HttpConsul({ clock: systemClock, addresses: [url] });
  return {
    client,
    async put(path, body) {
      const answer = await fetch(new URL(path, url), {
        method: "PUT",
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const said = await answer.text();
      if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${said}`);
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await stop();
    },
  };
}

/** A server in memory, on ports of its own. */
async function startAgent(command: string): Promise<ContractAgent> {
  const [http, server, lan, wan] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const ports = { "http-port": http, "server-port": server, "serf-lan-port": lan, "serf-wan-port": wan };
  const off = ["dns-port", "grpc-port", "grpc-tls-port"].map((name) => `-${name}=-1`);
  const given = Object.entries(ports).map(([name, port]) => `-${name}=${port}`);
  const child = spawn(command, ["agent", "-dev", "-node=alpha1", ...given, ...off], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const agent = agentAt(new URL(`http://127.0.0.1:${http}`), async () => {
    child.kill("SIGKILL");
    await ended;
  });
  // Ready once the node itself stands in the catalog with its check; of that, too, it says a line.
  for await (const _ of createInterface({ input: child.stdout })) {
    const checks = await agent.client.nodeChecks("alpha1");
    if (!checks.ok || checks.value.value.length === 0) continue;
    child.stdout.resume();
    return agent;
  }
  throw new Error(`${command} agent -dev ended with ${child.exitCode}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
