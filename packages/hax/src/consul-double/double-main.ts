import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { err, ok, type Result, systemDisk, untilAborted } from "@tandem/base";
import { type DaemonFailure, type Environment, runDaemonProgram } from "@tandem/daemon";
import { type AgentOptions, type ConsulDouble, startConsulDouble } from "./consul-double.js";
import { member, parseJson, textOf } from "./requests.js";
import type { WatchSpec } from "./watch-poster.js";

/** What `tandem hax consul-double` was asked for. */
interface DoubleFlags {
  readonly agents: readonly { readonly node: string; readonly port: number; readonly file: string | undefined }[];
  readonly data: string | undefined;
}

const DOUBLE_HELP = `Usage: tandem hax consul-double --agent NODE,PORT[,FILE] [options]

A Consul that is none, for tests and the demo: what hax asks of Consul, on HTTP at 127.0.0.1, with faults to turn on.

      --agent NODE,PORT[,FILE]  an agent of the cluster, may be repeated; FILE: its configuration, as Consul's agent
                                takes it, of which only the watches are read
      --data FOLDER             keeps there what was answered to, and takes up what stands there; default: keeps nothing
  -h, --help                    this text

GET /double/faults tells the switches, PUT with a JSON object turns them: docs/hax-consul.md.
`;

/** Runs a double until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function consulDoubleMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram(
    {
      ...{ name: "tandem-consul-double", help: DOUBLE_HELP, parse: parseDoubleFlags },
      serve: (flags, logger, { signal }) => serve(flags, (line) => logger.info(line), signal),
    },
    argv,
    env,
  );
}

async function serve(
  { agents, data }: DoubleFlags,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Result<void, DaemonFailure>> {
  const given: AgentOptions[] = [];
  for (const { node, port, file } of agents) {
    const watches = file === undefined ? ok([]) : await readWatches(file);
    if (!watches.ok) return err({ kind: "usage", message: `--agent ${node}: ${watches.error}` });
    given.push({ node, port, watches: watches.value });
  }
  const [first, ...others] = given as [AgentOptions, ...AgentOptions[]];
  const store = data === undefined ? {} : { store: { disk: systemDisk, path: join(data, "state.json") } };
  let double: ConsulDouble;
  try {
    double = await startConsulDouble({ ...first, others, ...store });
  } catch (error) {
    return err({ kind: "failed", message: (error as Error).message });
  }
  await using _ = double;
  for (const { node } of given) say(`agent of ${node} at ${double.urlOf(node).href}`);
  await untilAborted(signal);
  return ok();
}

function parseDoubleFlags(argv: readonly string[]): Result<DoubleFlags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...{ agent: { type: "string", multiple: true }, data: { type: "string" } },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const agents: DoubleFlags["agents"][number][] = [];
    for (const text of values.agent ?? []) {
      const [, node = "", port = "", file] = /^([^,]+),(\d{1,5})(?:,(.+))?$/.exec(text) ?? [];
      if (node === "" || Number(port) > 65_535) return err(`--agent ${text}: expected NODE,PORT or NODE,PORT,FILE`);
      if (agents.some((agent) => agent.node === node)) return err(`--agent ${text}: ${node} is named twice`);
      agents.push({ node, port: Number(port), file });
    }
    if (agents.length === 0) return err("--agent is needed: whose agents are these? try --help");
    return ok({ agents, data: values.data });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

/** The `watches` of an agent's configuration that post to a handler. */
async function readWatches(file: string): Promise<Result<readonly WatchSpec[], string>> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return err(`${file}: cannot be read`);
  const parsed = parseJson(text);
  if (!parsed.ok) return err(`${file}: is not JSON`);
  const watches = member(parsed.value, "watches") ?? [];
  if (!Array.isArray(watches)) return err(`${file}: watches: expected an array`);
  const specs: WatchSpec[] = [];
  for (const watch of watches) {
    const path = textOf(member(watch, "http_handler_config"), "path");
    const type = textOf(watch, "type");
    const [service, prefix, key] = [textOf(watch, "service"), textOf(watch, "prefix"), textOf(watch, "key")];
    if (!URL.canParse(path)) return err(`${file}: a watch of type ${type}: expected a URL at http_handler_config.path`);
    const url = new URL(path);
    if (type === "service" && service !== "") specs.push({ url, type, service });
    else if (type === "keyprefix" && prefix !== "") specs.push({ url, type, prefix });
    else if (type === "key" && key !== "") specs.push({ url, type, key });
    else return err(`${file}: a watch of type ${type}: expected service, keyprefix or key, and of what`);
  }
  return ok(specs);
}
