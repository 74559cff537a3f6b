import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp, seconds, systemClock, systemRandom } from "@tandem/base";
import { type HostedProcess, systemProcesses } from "@tandem/daemon";
import { type Fid, GOOD_MANNERS, M0d, type M0dEvent, typedFid } from "@tandem/hax";
import { findConsul, startConsulAgent } from "@tandem/hax/testing";
import { freePort } from "@tandem/swss/testing";
import type { CommandLine } from "../cluster-bench.js";
import { RawHttp } from "./raw-http.js";

const NODE = "bench";
const STARTS_WITHIN = seconds(30);

/** The key of the first of our processes; each has one service. */
const FIRST_KEY = 1000;

/** A Consul, and a hax, each in a process of its own; Motr's processes are played here. */
export class HaxRig implements AsyncDisposable {
  readonly #cleanUp: CleanUp;
  #links = 0n;

  private constructor(
    /** Which Consul answers. */
    readonly consulName: string,
    readonly consul: RawHttp,
    readonly hax: RawHttp,
    readonly process: HostedProcess,
    private readonly socket: string,
    cleanUp: CleanUp,
  ) {
    this.#cleanUp = cleanUp;
  }

  /** A cluster of one node with `processes` ios, whose confd leads. */
  static async start(
    env: Readonly<Record<string, string | undefined>>,
    [command, ...first]: CommandLine,
    processes: number,
  ): Promise<HaxRig> {
    const cleanUp = new CleanUp();
    try {
      const folder = await mkdtemp(join(tmpdir(), "tandem-bench-hax-"));
      cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
      const host = cleanUp.use(systemProcesses());
      const run = (name: string, ...args: readonly string[]): HostedProcess =>
        host.start({ name, command, args: [...first, "hax", ...args], log: join(folder, `${name}.log`) });
      const limit = AbortSignal.timeout(STARTS_WITHIN);
      const program = findConsul(env);
      let url: URL;
      if (program === undefined) {
        const double = run("consul", "consul-double", "--agent", `${NODE},${await freePort()}`);
        url = new URL(/http:\S+/.exec(await double.untilLine(/agent of/, limit))?.[0] ?? "");
      } else url = cleanUp.use(await startConsulAgent(program, NODE)).url;
      const consul = new RawHttp(url);
      cleanUp.defer(async () => consul[Symbol.dispose]());
      await seed(consul, processes);
      const socket = join(folder, "link.sock");
      const links = ["--listen", `unix:${socket}`, "--journal", join(folder, "journal")];
      const hax = run("hax", "--node", NODE, "--consul", url.href, "--http", "127.0.0.1:0", ...links);
      const at = new RawHttp(new URL(/http:\S+/.exec(await hax.untilLine(/watches at/, limit))?.[0] ?? ""));
      cleanUp.defer(async () => at[Symbol.dispose]());
      const name = program === undefined ? "the double of Consul" : await versionOf(consul);
      return new HaxRig(name, consul, at, hax, socket, cleanUp);
    } catch (error) {
      await cleanUp[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A process of the configuration; its link is its own, and so is its connection. */
  motr(index: number, observer: (event: M0dEvent) => void): M0d {
    this.#links += 1n;
    return new M0d({
      address: { kind: "unix", path: this.socket },
      who: {
        ...{ process: processAt(index), endpoint: `inet:tcp:127.0.0.1@${FIRST_KEY + index}`, type: "M0D", gitRev: "x" },
        ...{ pid: 1n, linkId: this.#links },
      },
      ...{ manners: GOOD_MANNERS, clock: systemClock, random: systemRandom, observer },
    });
  }

  /** What Consul's watch of `ios` would post of one process. */
  watchOf(index: number, status: string): string {
    const id = String(FIRST_KEY + index);
    const check = { CheckID: `service:${id}`, Status: status, ServiceID: id };
    return JSON.stringify([{ Node: { Node: NODE }, Service: { ID: id, Service: "ios" }, Checks: [check] }]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanUp[Symbol.asyncDispose]();
  }
}

export function processAt(index: number): Fid {
  return typedFid("r", 1n, BigInt(FIRST_KEY + index));
}

async function seed(consul: RawHttp, processes: number): Promise<void> {
  const put = (path: string, body: string): Promise<string> => consul.ask("PUT", path, body);
  const at = `/v1/kv/m0conf/nodes/${NODE}/processes`;
  await put(`${at}/9/services/rms`, "10");
  await put(`${at}/9/services/confd`, "11");
  for (let i = 0; i < processes; i++) await put(`${at}/${FIRST_KEY + i}/services/ios`, String(100_000 + i));
  const confd = { ID: "9", Name: "confd", Address: "inet:tcp:127.0.0.1", Port: 21002 };
  await put("/v1/agent/service/register", JSON.stringify(confd));
  const session = JSON.parse(await put("/v1/session/create", JSON.stringify({ Name: "leader" }))) as { ID: string };
  await put(`/v1/kv/leader?acquire=${session.ID}`, NODE);
}

async function versionOf(consul: RawHttp): Promise<string> {
  const self = JSON.parse(await consul.ask("GET", "/v1/agent/self", "")) as { Config: { Version: string } };
  return `Consul ${self.Config.Version}`;
}
