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
import { describeAsicError, describeEndError, type EndError, type Owner } from "../asic-error.js";
import type { AsicContext } from "../context-config.js";
import { EndClaim } from "../redis/end-claim.js";
import { type AsicReply, replyTo } from "../reply.js";
import { STATUS } from "../status.js";
import { ServerMark } from "../switching/server-mark.js";
import { SYNCD_OWNER } from "../syncd/names.js";
import { Syncd } from "../syncd/syncd.js";
import { describeSyncdEvent, type SyncdEvent } from "../syncd/syncd-event.js";
import type { AsicHandler, AsicServer, Delivery, TransportName } from "../transport.js";
import { type ChannelWorld, FRONT_ENDS } from "../transports.js";
import { connectAsic } from "../virtual-asic/client.js";
import { loadContext } from "./context-file.js";
import { FrontEnds } from "./front-ends.js";
import { Seat } from "./seat.js";
import { untilShutdown } from "./shutdown.js";
import { parseSyncdFlags, SYNCD_HELP, type SyncdFlags, servedOf } from "./syncd-flags.js";
import { countSyncdEvents } from "./syncd-metrics.js";
import { watchTroubles } from "./trouble-watch.js";

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
      logEvent(logger, event);
    },
  });
  if (!opened.ok) return failed(opened.error);
  const syncd = cleanUp.use(opened.value);
  asic.value.onLost(({ reason }) => {
    why ??= reason;
    ending.abort();
  });
  const watch = watchTroubles(metrics, logger);
  const world = {
    ...{ stores: stores.value, context: asicContext.value, mode, owner, crashPoint: crashPoint.value },
    ...{ clock: systemClock, random: systemRandom },
    ...(flags.ring !== undefined && { ring: flags.ring }),
  };
  const quiet = new AbortController();
  const stop = AbortSignal.any([context.signal, ending.signal, quiet.signal, claim.value.lost]);
  const front: FrontEnds = cleanUp.use(
    new FrontEnds({
      open: async (name) => {
        const locked = lockedOut(name, asicContext.value);
        return locked === undefined ? openFrontEnd(name, { ...world, onTrouble: watch(name) }) : locked;
      },
      handlerOf: (name) => withSeat(name, { seat, mark, syncd, logger, stop }),
      onEnded: (name, error) => {
        why ??= `${name}: ${describeEndError(error)}`;
        ending.abort();
      },
      onUntold: (name, { name: event }, error) =>
        logger.warn(`${name}: ${event} is not told: ${describeAsicError(error)}`),
    }),
  );
  const seat = new Seat();
  const log = (text: string): void => logger.info(text);
  const mark = new ServerMark({
    ...{ store: db.value, clock: systemClock, crash: crashPoint.value, mode, served: front, log },
  });
  for (const name of names) {
    const frontEnd = await front.open(name);
    if (!frontEnd.ok) return failed(frontEnd.error);
  }
  const marked = await mark.begin();
  if (!marked.ok) return failed(marked.error);
  if (flags.metricsPort !== undefined) {
    const ready = () => ({ ok: syncd.broken === undefined && db.value.connected });
    const status = await serveStatusOrGoOn(flags.metricsPort, metrics, ready, logger);
    if (status !== undefined) cleanUp.use(status);
  }
  syncd.onNotification((notification) => void front.notify(notification, mark.active));
  const { dbAsic } = asicContext.value;
  const channel = dbAsic === "ASIC_DB" ? "RESTARTQUERY" : `${dbAsic}_RESTARTQUERY`;
  const queries = cleanUp.use(new NotificationConsumer(db.value, channel));
  await queries.untilSubscribed(context.signal);
  front.begin(stop);
  const following = mark.run(stop);
  logger.info(`serving ${front.names.join(", ")} of ${dbAsic}, ASIC at ${flags.asic}`);
  const quiesce = async (): Promise<void> => {
    quiet.abort();
    await Promise.all([front.idle(), following]);
    await syncd.idle();
  };
  const asked = await untilShutdown(
    { queries, state: state.value, asic: asic.value, quiesce, log },
    AbortSignal.any([context.signal, ending.signal, claim.value.lost]),
  );
  await quiesce();
  if (asked !== undefined || context.signal.aborted) return ok();
  if (claim.value.lost.aborted) return failed("another syncd took the rows over");
  return failed(why ?? "every front end ended");
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

async function openFrontEnd(name: TransportName, world: ChannelWorld): Promise<Result<AsicServer, EndError>> {
  const load = FRONT_ENDS[name];
  if (load === undefined) return unusable("no such front end here");
  const openServer = await load();
  return openServer(world);
}

/** A context may be locked to ZMQ, or to everything else. */
function lockedOut(name: TransportName, { guid, zmqEnable }: AsicContext): Result<never, EndError> | undefined {
  if (zmqEnable === undefined || zmqEnable === (name === "zmq")) return undefined;
  return unusable(`context ${guid} is locked to ${zmqEnable ? "ZMQ" : "Redis"}`);
}

const unusable = (reason: string): Result<never, EndError> => err({ kind: "unusable", reason });

interface SeatWorld {
  readonly seat: Seat;
  readonly mark: ServerMark;
  readonly syncd: Syncd;
  readonly logger: DaemonLogger;
  readonly stop: AbortSignal;
}

/** Refuses a client over another transport than the mark names; without a mark, a second one while the first one asks. */
function withSeat(name: TransportName, { seat, mark, syncd, logger, stop }: SeatWorld): AsicHandler {
  const refuse = ({ request: { op } }: Delivery, owner: string): AsicReply => {
    logger.warn(`${name}: ${op} is refused: ${owner}`);
    return replyTo(op, STATUS.inUse);
  };
  const byMark = async (delivery: Delivery): Promise<AsicReply> =>
    (await mark.admits(name, stop))
      ? syncd.handle(delivery)
      : refuse(delivery, `the channel was moved to ${mark.active}`);
  return {
    rowPrefix: () => syncd.rowPrefix(),
    takesRows: () => (mark.active ?? seat.holder ?? name) === name,
    handle: (delivery) => {
      if (delivery.repeated || mark.active === name) return syncd.handle(delivery);
      if (mark.active !== undefined) return byMark(delivery);
      const { op, key } = delivery.request;
      const holder = seat.claim(name, systemClock.monotonic(), op === "notify" && key === "INIT_VIEW");
      if (holder === undefined) return syncd.handle(delivery);
      return Promise.resolve(refuse(delivery, `a client over ${holder.name} has the channel`));
    },
  };
}

function logEvent(logger: DaemonLogger, event: SyncdEvent): void {
  const text = describeSyncdEvent(event);
  if (event.kind === "request" || event.kind === "repeated") logger.debug(text);
  else if (event.kind === "warning" || event.kind === "rowsRefused") logger.warn(text);
  else if (event.kind === "viewFailed" || event.kind === "asicLost") logger.error(text);
  else logger.info(text);
}
