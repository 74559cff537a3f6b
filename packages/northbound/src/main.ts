import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { CleanUp, err, ok, type Result, systemClock, systemRandom, untilAborted } from "@tandem/base";
import {
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  type Environment,
  Metrics,
  parsePort,
  runDaemonProgram,
} from "@tandem/daemon";
import { describeConfigError, openDatabases } from "@tandem/swss";
import { type Policies, parsePolicies } from "./core/auto-approve.js";
import { serveApi } from "./http/server.js";
import { countRequests } from "./http/server-metrics.js";
import { Northbound, type NorthboundEvent } from "./northbound.js";

const PORT_DEFAULT = 8480;
const HOST_DEFAULT = "127.0.0.1";

const HELP = `Usage: tandem api [options]

HTTP/JSON and an event stream over the HA rows of this switch, for an orchestrator in place of, or beside, the SDN controller.

      --db-config FILE   database_config.json or database_global.json to use instead of the system's
      --port N           default ${PORT_DEFAULT}; 0 takes any free one
      --host ADDRESS     default ${HOST_DEFAULT}; any other needs --token-file
      --token-file FILE  callers must send its first line: Authorization: Bearer TOKEN; read again at SIGHUP
      --auto-approve TYPE=allow|deny|after:SECONDS
                         what becomes of pending operations of a type unasked; may be repeated; default: nothing
  -h, --help             this text

GET / and /openapi.json say what can be asked; /health, /ready and /metrics need no token. docs/api.md.
`;

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly policies: Policies;
  readonly dbConfig?: string;
  readonly tokenFile?: string;
}

/** Runs the API until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function apiMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-api", help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        "db-config": { type: "string" },
        port: { type: "string" },
        host: { type: "string" },
        "token-file": { type: "string" },
        "auto-approve": { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return ok("help");
    const port = parsePort("--port", values.port);
    if (!port.ok) return port;
    const host = values.host ?? HOST_DEFAULT;
    if (isIP(host) === 0) return err(`--host ${host}: expected an IP address`);
    if (!isLoopback(host) && values["token-file"] === undefined) {
      return err(`--host ${host}: an address that others reach needs --token-file`);
    }
    const policies = parsePolicies("--auto-approve", values["auto-approve"] ?? []);
    if (!policies.ok) return policies;
    return ok({
      host,
      port: port.value ?? PORT_DEFAULT,
      policies: policies.value,
      ...(values["db-config"] !== undefined && { dbConfig: values["db-config"] }),
      ...(values["token-file"] !== undefined && { tokenFile: values["token-file"] }),
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}

async function serve(flags: Flags, logger: DaemonLogger, context: DaemonContext): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const { dbConfig, tokenFile, host, port, policies } = flags;
  let token: string | undefined;
  if (tokenFile !== undefined) {
    const read = await readToken(tokenFile);
    if (!read.ok) return err({ kind: "failed", message: read.error });
    token = read.value;
    context.onReload(() => {
      void readToken(tokenFile).then((again) => {
        if (again.ok) token = again.value;
        else logger.error(`${again.error}; the last token stays`);
      });
    });
  }
  const stores = await openDatabases({ ignoreNonexistent: true, ...(dbConfig !== undefined && { config: dbConfig }) });
  if (!stores.ok) return err({ kind: "failed", message: describeConfigError(stores.error) });
  cleanUp.use(stores.value);
  const metrics = new Metrics().withProcessMetrics();
  const tally = countRequests(metrics);
  const northbound = Northbound.open({
    ...{ stores: stores.value, clock: systemClock, random: systemRandom, policies },
    observer: (event) => {
      tally.event(event);
      log(logger, event);
    },
  });
  if (!northbound.ok) return err({ kind: "failed", message: describeOpenError(northbound.error) });
  cleanUp.use(northbound.value);
  const server = await serveApi({
    ...{ northbound: northbound.value, clock: systemClock, host, port, metrics, tally },
    ...(token !== undefined && { token: () => token ?? "" }),
  });
  if (!server.ok) return err({ kind: "failed", message: `cannot listen on ${server.error}` });
  cleanUp.use(server.value);
  logger.info(`listening on http://${host.includes(":") ? `[${host}]` : host}:${server.value.port}/`);
  for (const [type, policy] of policies) {
    logger.info(
      `operations ${type}: ${policy.kind === "after" ? `approved after ${policy.delay / 1000} s` : policy.kind}`,
    );
  }
  void northbound.value.loaded.then(() => logger.info("every table has been read"));
  await untilAborted(context.signal);
  return ok();
}

async function readToken(path: string): Promise<Result<string, string>> {
  try {
    const token = (await readFile(path, "utf8")).split("\n", 1)[0]?.trim() ?? "";
    return /^\S{16,}$/.test(token)
      ? ok(token)
      : err(`${path}: expected a token of 16 characters or more in its first line`);
  } catch (error) {
    return err(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

function describeOpenError(error: { readonly kind: string; readonly address?: { readonly db: string } }): string {
  return error.address === undefined
    ? "the database config cannot be read"
    : `the database config names no ${error.address.db}; name another with --db-config`;
}

function log(logger: DaemonLogger, event: NorthboundEvent): void {
  switch (event.kind) {
    case "logged":
      logger.debug(JSON.stringify(event.event.event));
      break;
    case "mutated":
      logger.info(`${event.mutation}: ${event.status}${event.repeated ? " (repeated)" : ""}`);
      break;
    case "autoApproved":
      logger.info(`approved ${event.type} ${event.id} by policy: ${event.status}`);
      break;
    case "warning":
      logger.warn(event.text);
      break;
  }
}
