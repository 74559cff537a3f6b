import {
  asicPathOf,
  auditAsic,
  connectAsic,
  loadContexts,
  readObjects,
  readPending,
  readQueues,
  readRings,
  ringPath,
} from "@tandem/asic-channel";
import { err, ok, type Result, systemClock, systemFiles } from "@tandem/base";
import type { Store } from "@tandem/swss";
import {
  type CommandRun,
  type Failure,
  failed,
  type Invocation,
  numberOption,
  printJson,
  textOption,
  wantsJson,
} from "../io.js";
import { renderAudit, renderObjectCounts, renderObjects, renderPending, renderQueues } from "../render/asic.js";
import { openStores } from "../stores.js";

/** Opens the ASIC's database, and closes it behind `use`. */
async function withAsicDb<T>(
  invocation: Invocation,
  use: (store: Store) => Promise<Result<T, string>>,
  db = textOption(invocation, "db") ?? "ASIC_DB",
): Promise<Result<T, Failure>> {
  const stores = await openStores(textOption(invocation, "dbConfig"));
  if (!stores.ok) return stores;
  await using opened = stores.value;
  const store = await opened.open(db);
  if (!store.ok) return store;
  const used = await use(store.value);
  return used.ok ? used : err(failed(used.error));
}

/** `tandem asic show queues` */
export const runQueues: CommandRun = async (invocation, io) => {
  const db = textOption(invocation, "db") ?? "ASIC_DB";
  const queues = await withAsicDb(invocation, async (store) => {
    const rings = readRings(textOption(invocation, "ring") ?? ringPath(db));
    if (!rings.ok) return rings;
    const inRedis = await readQueues(store);
    return inRedis.ok ? ok([...inRedis.value, ...rings.value]) : inRedis;
  });
  if (!queues.ok) return queues;
  if (wantsJson(invocation))
    printJson(io, "asic-queues", {
      queues: queues.value.map(({ oldest, ...queue }) => ({ ...queue, oldest: oldest ?? null })),
    });
  else io.print(renderQueues(queues.value, systemClock.now()));
  return ok();
};

/** `tandem asic show objects [type]` */
export const runObjects: CommandRun = async (invocation, io) => {
  const [type] = invocation.args;
  const objects = await withAsicDb(invocation, (store) => readObjects(store, type));
  if (!objects.ok) return objects;
  if (wantsJson(invocation)) printJson(io, "asic-objects", { objects: objects.value });
  else io.print(type === undefined ? renderObjectCounts(objects.value) : renderObjects(objects.value));
  return ok();
};

/** `tandem asic show pending` */
export const runPendingRequests: CommandRun = async (invocation, io) => {
  const pending = await withAsicDb(invocation, readPending);
  if (!pending.ok) return pending;
  const { request, firstRun, ...rest } = pending.value;
  if (wantsJson(invocation)) printJson(io, "asic-pending", { request: request ?? null, first_run: firstRun, ...rest });
  else io.print(renderPending(pending.value));
  return ok();
};

/** `tandem asic audit`: fails while something differs. */
export const runAudit: CommandRun = async (invocation, io) => {
  const guid = numberOption(invocation, "guid", 0);
  const { contexts, warning } = await loadContexts(systemFiles, textOption(invocation, "contextConfig"));
  if (warning !== undefined) io.complain(`warning: ${warning}`);
  const context = contexts.find((each) => each.guid === guid);
  if (context === undefined) return err(failed(`there is no context ${guid}`));
  const asic = await connectAsic(textOption(invocation, "asic") ?? asicPathOf(guid));
  if (!asic.ok) return err(failed(`${asic.error.reason}; name its socket with --asic`));
  await using chip = asic.value;
  const report = await withAsicDb(invocation, (store) => auditAsic(store, chip, context), context.dbAsic);
  if (!report.ok) return report;
  const { compared, findings } = report.value;
  if (wantsJson(invocation)) printJson(io, "asic-audit", { compared, findings });
  else io.print(renderAudit(report.value));
  return findings.length === 0 ? ok() : err(failed(`rows and ASIC differ: ${findings.length}`));
};
