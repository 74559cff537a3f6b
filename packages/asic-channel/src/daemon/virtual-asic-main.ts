import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { err, ok, type Result, systemRandom, untilAborted } from "@tandem/base";
import {
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  type Environment,
  runDaemonProgram,
} from "@tandem/daemon";
import { ASIC_SHAPE_DEFAULT, type AsicShape } from "../virtual-asic/boot.js";
import { AsicCore } from "../virtual-asic/core.js";
import { asicPathOf } from "../virtual-asic/path.js";
import { serveAsic } from "../virtual-asic/server.js";

const HELP = `Usage: tandem asic virtual [options]

A switch chip in memory, in a process of its own: it keeps its objects while syncds come and go, and counts its creations.

      --socket PATH   unix socket to listen on; default ${asicPathOf(0)}
      --ports N       front-panel ports; default ${ASIC_SHAPE_DEFAULT.ports}
  -h, --help          this text
`;

interface Flags {
  readonly socket: string;
  readonly shape: AsicShape;
}

/** Runs a virtual ASIC until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function virtualAsicMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-asic", help: HELP, parse: parseFlags, serve }, argv, env);
}

function parseFlags(argv: readonly string[]): Result<Flags | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { socket: { type: "string" }, ports: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return ok("help");
    const ports = values.ports ?? String(ASIC_SHAPE_DEFAULT.ports);
    if (!/^\d{1,4}$/.test(ports) || Number(ports) > 512) return err(`--ports ${ports}: expected a number up to 512`);
    return ok({
      socket: values.socket ?? asicPathOf(0),
      shape: { ...ASIC_SHAPE_DEFAULT, ports: Number(ports) },
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

async function serve(flags: Flags, logger: DaemonLogger, context: DaemonContext): Promise<Result<void, DaemonFailure>> {
  try {
    await mkdir(dirname(flags.socket), { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err({
      kind: "failed",
      message: `${dirname(flags.socket)}: cannot be made (${code}); name another --socket`,
    });
  }
  const server = await serveAsic({ core: new AsicCore(flags.shape), path: flags.socket, boot: systemRandom.uuid() });
  if (!server.ok) return err({ kind: "failed", message: server.error });
  await using _listening = server.value;
  logger.info(`a switch of ${flags.shape.ports} ports listens at ${flags.socket}`);
  await untilAborted(context.signal);
  return ok();
}
