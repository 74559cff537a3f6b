import { hostname } from "node:os";
import { CleanUp, crashPointFrom, err, ok, type Result, systemClock, systemFiles, systemRandom } from "@tandem/base";
import {
  type DaemonContext,
  type DaemonFailure,
  type DaemonLogger,
  type Environment,
  Metrics,
  runDaemonProgram,
  serveStatusOrGoOn,
} from "@tandem/daemon";
import {
  describeConfigError,
  NotificationConsumer,
  openDatabases,
  type Store,
  type Stores,
  untilConnected,
} from "@tandem/swss";
import { describeAsicError, describeEndError, type Owner } from "../asic-error.js";
import type { AsicContext } from "../context-config.js";
import { EndClaim } from "../redis/end-claim.js";
import { replyTo } from "../reply.js";
import { STATUS } from "../status.js";
import { Syncd } from "../syncd/syncd.js";
import { describeSyncdEvent, type SyncdEvent } from "../syncd/syncd-event.js";
import type { AsicHandler, AsicServer, TransportName } from "../transport.js";
import { type ChannelWorld, FRONT_ENDS } from "../transports.js";
import { connectAsic } from "../virtual-asic/client.js";
import { loadContext } from "./context-file.js";
import { Seat } from "./seat.js";
import { untilShutdown } from "./shutdown.js";
import { parseSyncdFlags, SYNCD_HELP, type SyncdFlags, servedOf } from "./syncd-flags.js";
import { countSyncdEvents } from "./syncd-metrics.js";
import { watchTroubles } from "./trouble-watch.js";

/** The key that says which process executes requests of an ASIC_DB, over all transports. */
export const SYNCD_OWNER = "TANDEM_ASIC_OWNER:syncd";

/** Runs syncd until SIGTERM, SIGINT or RESTARTQUERY; `argv` is without node and script. Gives the exit code. */
export function asicSyncdMain(argv: readonly string[], env: Environment): Promise<number> {
  return runDaemonProgram({ name: "tandem-syncd", help: SYNCD_HELP, parse: parseSyncdFlags, serve }, argv, env);
}

const failed = (message: string): Result<never, DaemonFailure> => err({ kind: "failed", message });

async function serve(
  flags: SyncdFlags,
  logger: DaemonLogger,
  context: DaemonContext,
  env: Environment,
): Promise<Result<void, DaemonFailure>> {
  await using cleanUp = new CleanUp();
  const crashPoint = crashPointFrom(env);
  if (!crashPoint.ok) return err({ kind: "usage", message: crashPoint.error });
  const asicContext = await contextOf(flags, logger);
  if (!asicContext.ok) return asicContext;
  const { serve: names, mode, warning } = servedOf(flags, asicContext.value);
  if (warning !== undefined) logger.warn(warning);
  const stores = await openDatabases({
    ignoreNonexistent: true,
    ...(flags.dbConfig !== undefined && { config: flags.dbConfig }),
  });
  if (!stores.ok) return failed(describeConfigError(stores.error));
  cleanUp.use(stores.value);
  const [db, state] = [open(stores.value, asicContext.value.dbAsic), open(stores.value, "STATE_DB")];
  if (!db.ok) return db;
  if (!state.ok) return state;
  await untilConnected(db.value, context.signal);
  const owner: Owner = { name: "tandem-syncd", host: hostname(), pid: process.pid, since: systemClock.now() };
  const claim = await EndClaim.take(db.value, SYNCD_OWNER, owner);
  if (!claim.ok) return failed(describeEndError(claim.error));
  cleanUp.use(claim.value);
  const asic = await connectAsic(flags.asic);
  if (!asic.ok) return failed(`${asic.error.reason}; start one with tandem asic virtual --socket ${flags.asic}`);
  cleanUp.use(asic.value);
  const metrics = new Metrics().withProcessMetrics();
  const count = countSyncdEvents(metrics);
  const ending = new AbortController();
  let why: string | undefined;
  const opened = await Syncd.open({
    ...{ store: db.value, asic: asic.value, clock: systemClock, crashPoint: crashPoint.value, start: flags.start },
    ...{ guid: asicContext.value.guid, switches: asicContext.value.switches },
    observer: (event) => {
      count(event);
      log(logger, event);
    },
  });
  if (!opened.ok) return failed(opened.error);
  const syncd = cleanUp.use(opened.value);
  asic.value.onLost(({ reason }) => {
    why ??= reason;
    ending.abort();
  });
  const front: FrontEnd[] = [];
  const watch = watchTroubles(metrics, logger);
  const world = {
    ...{ stores: stores.value, context: asicContext.value, mode, owner, crashPoint: crashPoint.value },
    ...{ clock: systemClock, random: systemRandom },
    ...(flags.ring !== undefined && { ring: flags.ring }),
  };
  for (const name of names) {
    const server = await openFrontEnd(name, { ...world, onTrouble: watch(name) });
    if (!server.ok) return server;
    cleanUp.use(server.value);
    front.push({ name, server: server.value });
  }
  if (flags.metricsPort !== undefined) {
    const ready = () => ({ ok: syncd.broken === undefined && db.value.connected });
    const status = await serveStatusOrGoOn(flags.metricsPort, metrics, ready, logger);
    if (status !== undefined) cleanUp.use(status);
  }
  syncd.onNotification((notification) => {
    for (const { name, server } of front) {
      void server.notify(notification).then((sent) => {
        if (!sent.ok) logger.warn(`${name}: ${notification.name} is not told: ${describeAsicError(sent.error)}`);
      });
    }
  });
  const { dbAsic } = asicContext.value;
  const channel = dbAsic === "ASIC_DB" ? "RESTARTQUERY" : `${dbAsic}_RESTARTQUERY`;
  const queries = cleanUp.use(new NotificationConsumer(db.value, channel));
  await queries.untilSubscribed(context.signal);
  const seat = new Seat();
  const quiet = new AbortController();
  const stop = AbortSignal.any([context.signal, ending.signal, quiet.signal, claim.value.lost]);
  const serving = front.map(async ({ name, server }) => {
    const ended = await server.serve(withSeat(name, seat, syncd, logger), stop);
    seat.leave(name);
    if (ended.ok) return;
    why ??= `${name}: ${describeEndError(ended.error)}`;
    ending.abort();
  });
  logger.info(`serving ${names.join(", ")} of ${dbAsic}, ASIC at ${flags.asic}`);
  const quiesce = async (): Promise<void> => {
    quiet.abort();
    await Promise.all(serving);
    await syncd.idle();
  };
  const asked = await untilShutdown(
    { queries, state: state.value, asic: asic.value, quiesce, log: (text) => logger.info(text) },
    AbortSignal.any([context.signal, ending.signal, claim.value.lost]),
  );
  await quiesce();
  if (asked !== undefined || context.signal.aborted) return ok();
  if (claim.value.lost.aborted) return failed("another syncd took the rows over");
  return failed(why ?? "every front end ended");
}

interface FrontEnd {
  readonly name: TransportName;
  readonly server: AsicServer;
}

async function contextOf(flags: SyncdFlags, logger: DaemonLogger): Promise<Result<AsicContext, DaemonFailure>> {
  const found = await loadContext(systemFiles, flags.contextConfig, flags.guid);
  if (!found.ok) return failed(found.error);
  if (found.value.warning !== undefined) logger.warn(found.value.warning);
  return ok(found.value.context);
}

function open(stores: Stores, db: string): Result<Store, DaemonFailure> {
  const store = stores.open({ db });
  return store.ok ? store : failed(`the database config names no ${db}; name another with --db-config`);
}

async function openFrontEnd(name: TransportName, world: ChannelWorld): Promise<Result<AsicServer, DaemonFailure>> {
  const load = FRONT_ENDS[name];
  if (load === undefined) return failed(`--serve ${name}: no such front end here`);
  const openServer = await load();
  const server = await openServer(world);
  return server.ok ? server : failed(`${name}: ${describeEndError(server.error)}`);
}

/** Refuses a second client while the first one asks. */
function withSeat(name: TransportName, seat: Seat, syncd: Syncd, logger: DaemonLogger): AsicHandler {
  return {
    rowPrefix: () => syncd.rowPrefix(),
    handle: (delivery) => {
      const { op, key } = delivery.request;
      const holder = seat.claim(name, systemClock.monotonic(), op === "notify" && key === "INIT_VIEW");
      if (holder === undefined || delivery.repeated) return syncd.handle(delivery);
      logger.warn(`${name}: ${op} is refused: a client over ${holder.name} has the channel`);
      return Promise.resolve(replyTo(op, STATUS.inUse));
    },
  };
}

function log(logger: DaemonLogger, event: SyncdEvent): void {
  const text = describeSyncdEvent(event);
  if (event.kind === "request" || event.kind === "repeated") logger.debug(text);
  else if (event.kind === "warning" || event.kind === "rowsRefused") logger.warn(text);
  else if (event.kind === "viewFailed" || event.kind === "asicLost") logger.error(text);
  else logger.info(text);
}
