import { type HistoryLine, history, type Micros, momentOf } from "@tandem/asic-channel";
import { CleanUp, err, ok, type Result, systemClock, systemDisk } from "@tandem/base";
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
import { parseDuration } from "../render/values.js";
import { openStores } from "../stores.js";

/** Where `tandem asic archive` writes unless told otherwise. */
const ARCHIVE_PATH = "/var/log/swss/sairedis.archive.rec";
const SINCE_DEFAULT = "1h";
const LAST_DEFAULT = 1000;

/** `tandem asic history [FILE]`: lines about an object, oldest first, from files and from what only the streams hold. */
export const runHistory: CommandRun = async (invocation, io) => {
  const [file] = invocation.args;
  const since = momentAt(invocation, "since", SINCE_DEFAULT);
  if (!since.ok) return since;
  const until = momentAt(invocation, "until", "0s");
  if (!until.ok) return until;
  await using cleanUp = new CleanUp();
  const store = invocation.options["live"] === false ? ok(undefined) : await liveStore(invocation, cleanUp);
  if (!store.ok) return store;
  const path = file ?? ((await isThere(ARCHIVE_PATH)) ? ARCHIVE_PATH : undefined);
  if (path === undefined && store.value === undefined)
    return err(failed(`${ARCHIVE_PATH}: no such recording; name one`));
  const object = textOption(invocation, "object");
  const lines = history({
    disk: systemDisk,
    query: { since: since.value, until: until.value, ...(object !== undefined && { object }) },
    ...(path !== undefined && { path }),
    ...(store.value !== undefined && { store: store.value }),
  });
  const last = numberOption(invocation, "last", LAST_DEFAULT);
  const kept: HistoryLine[] = [];
  let left = 0;
  for await (const read of lines) {
    if (!read.ok) return err(failed(read.error));
    kept.push(read.value);
    if (kept.length >= 2 * last) left += kept.splice(0, kept.length - last).length;
  }
  left += kept.splice(0, Math.max(0, kept.length - last)).length;
  if (wantsJson(invocation)) for (const line of kept) printJson(io, "asic-history", lineJson(line));
  else io.print(kept.map(({ text }) => `${text}\n`).join(""));
  if (left > 0) io.complain(`${left} older lines are left out; show more with --last`);
  return ok();
};

function lineJson({ line: { time, body }, text, from }: HistoryLine): object {
  const at = momentOf(time);
  const { op, ...rest } = body;
  return { time, at: at === undefined ? null : new Date(at / 1000).toISOString(), op, ...rest, line: text, from };
}

async function liveStore(invocation: Invocation, cleanUp: CleanUp): Promise<Result<Store, Failure>> {
  const stores = await openStores(textOption(invocation, "dbConfig"));
  if (!stores.ok) return stores;
  cleanUp.use(stores.value);
  return stores.value.open(textOption(invocation, "db") ?? "ASIC_DB");
}

async function isThere(path: string): Promise<boolean> {
  return (await systemDisk.read(path, 0, 1)).ok;
}

/** A stamp as in recordings, to any precision from the day on, or how long ago. */
function momentAt(invocation: Invocation, name: string, absent: string): Result<Micros, Failure> {
  const text = textOption(invocation, name) ?? absent;
  const ago = parseDuration(text);
  if (ago !== undefined) return ok((systemClock.now() - ago) * 1000);
  const full = "0000-00-00.00:00:00.000000";
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? momentOf(text + full.slice(text.length)) : undefined;
  if (moment !== undefined) return ok(moment);
  const message = `--${name} ${text}: expected a time, e.g. 2026-03-01.10:00:00, or how long ago, e.g. 5m`;
  return err({ kind: "usage", message });
}
