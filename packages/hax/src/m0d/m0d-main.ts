import { type Clock, err, ok, type Result, seconds, systemClock, systemFiles, systemRandom } from "@tandem/base";
import { type DaemonContext, type DaemonFailure, type Environment, runDaemonProgram } from "@tandem/daemon";
import { formatFid } from "../fid.js";
import type { LinkTlsMaterial } from "../link/server.js";
import { M0D_HELP, type M0dFlags, parseM0dFlags } from "./flags.js";
import { describeM0dEvent, m0dJsonLine } from "./lines.js";
import { M0d } from "./m0d.js";
import { BACKLOG_MAX } from "./motr-process.js";
import type { CrashStep, M0dEvent } from "./peer-ports.js";

/** How long the last events may take to be acknowledged, and the link to be ended. */
const LEAVE_WITHIN = seconds(4);
const RESTART = ["STOPPING", "STOPPED", "STARTING", "STARTED"] as const;

/** Runs an emulated Motr process until SIGTERM or SIGINT; `argv` is without node and script. Gives the exit code. */
export function haxM0dMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram(
    { name: "tandem-m0d", help: M0D_HELP, parse: parseM0dFlags, serve: (flags, _, context) => serve(flags, context) },
    argv,
    env,
  );
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

async function serve(flags: M0dFlags, context: DaemonContext): Promise<Result<void, DaemonFailure>> {
  const tls = flags.tls === undefined ? ok(undefined) : await materialOf(flags.tls);
  if (!tls.ok) return failed(tls.error);
  const pid = flags.pid ?? BigInt(process.pid);
  const { process: fid, endpoint, type, manners, address } = flags;
  const linkId = BigInt(`0x${systemRandom.uuid().replaceAll("-", "")}`);
  await using m0d = new M0d({
    ...{ address, manners, clock: systemClock, random: systemRandom },
    ...(tls.value !== undefined && { tls: tls.value }),
    who: { process: fid, endpoint, type, gitRev: "tandem", pid, linkId },
    observer: printerOf(flags),
    crash: crashOf(flags),
  });
  await live(m0d, flags, context);
  if (m0d.motr.panicked === undefined) await leave(m0d);
  const why = m0d.motr.panicked;
  return why === undefined ? ok() : failed(`${formatFid(fid)}: Motr would abort: ${why}`);
}

/** Entrypoint, STARTING, STARTED, questions; then it waits for its end. */
async function live(m0d: M0d, flags: M0dFlags, context: DaemonContext): Promise<void> {
  const { signal } = context;
  try {
    await m0d.until(({ working, panicked }) => working || panicked !== undefined, signal);
    m0d.motr.event("STARTING");
    m0d.motr.event("STARTED");
    context.onReload(() => restart(m0d));
    if (flags.get.length > 0) m0d.motr.get(flags.get);
    const done = (): boolean => m0d.motr.backlog === 0 && m0d.motr.questions.open.length === 0;
    using _ = repeatGets(m0d, flags);
    await m0d.until(({ panicked }) => panicked !== undefined || (flags.once && done()), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The events of a process that ends and begins again; all of them, or with too many waiting for hax already, none. */
function restart({ motr }: M0d): void {
  if (motr.backlog + RESTART.length > BACKLOG_MAX) return;
  for (const event of RESTART) motr.event(event);
}

/** STOPPING, STOPPED, and the end of the link, as far as hax answers in time. */
async function leave(m0d: M0d): Promise<void> {
  if (!m0d.motr.linked) return;
  m0d.motr.event("STOPPING");
  m0d.motr.event("STOPPED");
  const limit = AbortSignal.timeout(LEAVE_WITHIN);
  try {
    await m0d.until(({ backlog, panicked }) => backlog === 0 || panicked !== undefined, limit);
    m0d.motr.leave("the process stops");
    await m0d.until(({ linked, panicked }) => !linked || panicked !== undefined, AbortSignal.timeout(LEAVE_WITHIN));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

function repeatGets(m0d: M0d, { get, getEvery }: M0dFlags, clock: Clock = systemClock): Disposable {
  let stopped = false;
  const arm = (): void => {
    clock.setTimer(seconds(getEvery / 1000), () => {
      if (stopped) return;
      if (m0d.motr.questions.open.length === 0) m0d.motr.get(get);
      arm();
    });
  };
  if (getEvery > 0 && get.length > 0) arm();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
    },
  };
}

function printerOf({ json, process: fid }: M0dFlags): (event: M0dEvent) => void {
  return (event) => {
    const line = json ? m0dJsonLine(fid, systemClock.now(), event) : `${formatFid(fid)}  ${describeM0dEvent(event)}`;
    process.stdout.write(`${line}\n`);
  };
}

function crashOf({ crash }: M0dFlags): (step: CrashStep) => void {
  let left = crash?.time ?? 0;
  return (step) => {
    if (step !== crash?.step) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}

async function materialOf(paths: NonNullable<M0dFlags["tls"]>): Promise<Result<LinkTlsMaterial, string>> {
  const texts = { cert: "", key: "", ca: "" };
  for (const name of ["cert", "key", "ca"] as const) {
    const text = await systemFiles.read(paths[name]);
    if (!text.ok) return err(`--tls-${name} ${paths[name]}: cannot be read (${text.error.kind})`);
    texts[name] = text.value;
  }
  return ok(texts);
}
