import { basename, dirname, join } from "node:path";
import { type Disk, describeDiskError, err, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store } from "@tandem/swss";
import { numberedLines } from "../player/numbered-lines.js";
import { formatLine } from "../recording/format-line.js";
import { parseLine } from "../recording/parse-line.js";
import type { RecLine } from "../recording/record.js";
import { fullFiles, fullMoment } from "../recording/rotation.js";
import { comparePositions, POSITION_FIRST, type Position } from "../streams/wire.js";
import { readCheckpoint, recoveryOf } from "./archive-file.js";
import { ArchiveText, archiveLines } from "./archive-lines.js";
import { EntryOrder } from "./entry-order.js";
import { HistoryFilter, type HistoryQuery } from "./history-filter.js";
import { readStreams } from "./stream-link.js";

export interface HistoryOptions {
  readonly disk: Disk;
  /** The recording of an archiver or a recorder; without it only the streams are read. */
  readonly path?: string;
  /** The database of the streams, connected; without it only files are read. */
  readonly store?: Store;
  readonly query: HistoryQuery;
}

/** One line of the past, and where it stands. */
export interface HistoryLine {
  readonly line: RecLine;
  readonly text: string;
  /** A file, or `streams` for what is not archived yet. */
  readonly from: string;
}

/** What was said, oldest first: full files, the current one, then what only the streams hold. A failure ends it. */
export async function* history(options: HistoryOptions): AsyncGenerator<Result<HistoryLine, string>> {
  const { disk, path, store, query } = options;
  const filter = new HistoryFilter(query);
  let archived: Position | undefined = POSITION_FIRST;
  if (path !== undefined) {
    const known = await knownEnd(disk, path);
    if (!known.ok) return yield known;
    archived = known.value?.position;
    const files = await filesOf(disk, path, query);
    if (!files.ok) return yield files;
    for (const file of files.value) {
      const bytesMax = file === path ? known.value?.bytes : undefined;
      for await (const read of fileLines(disk, file, bytesMax)) {
        if (!read.ok) return yield read;
        const line = filter.take(read.value);
        if (line !== undefined) yield ok({ line, text: formatLine(line), from: file });
      }
    }
  }
  // What a recording without a checkpoint has of the streams nobody knows.
  if (archived === undefined) return;
  if (store === undefined) return;
  for await (const read of liveLines(store, archived)) {
    if (!read.ok) return yield read;
    const line = filter.take(read.value);
    if (line !== undefined) yield ok({ line, text: formatLine(line), from: "streams" });
  }
}

/** The files of a recording that may hold something of the time that is asked for, oldest first. */
async function filesOf(disk: Disk, path: string, { since }: HistoryQuery): Promise<Result<readonly string[], string>> {
  const folder = dirname(path);
  const listed = await disk.list(folder);
  if (!listed.ok) return err(describeDiskError(listed.error));
  const names = new Set(listed.value.map(({ name }) => name));
  const full = fullFiles(basename(path), listed.value)
    // While a file is being packed both copies are there.
    .filter(({ name }) => !names.has(`${name}.gz`))
    // A full file holds nothing that is younger than the time in its name.
    .filter(({ name }) => fullMoment(name) * 1000 >= since)
    .map(({ name }) => join(folder, name));
  if (full.length === 0 && !names.has(basename(path))) return err(`${path}: no such recording`);
  return ok(names.has(basename(path)) ? [...full, path] : full);
}

/** How far an archive is, and the bytes of its current file up to there; nothing for what is no archive. */
async function knownEnd(
  disk: Disk,
  path: string,
): Promise<Result<{ readonly position: Position; readonly bytes: number | undefined } | undefined, string>> {
  const checkpoint = await readCheckpoint(disk, path);
  if (!checkpoint.ok) return err(describeDiskError(checkpoint.error));
  if (checkpoint.value === undefined) return ok(undefined);
  const recovery = await recoveryOf(disk, path, checkpoint.value);
  if (!recovery.ok) return err(describeDiskError(recovery.error));
  const { pending } = checkpoint.value;
  if (recovery.value.kind === "cut") return ok(recovery.value);
  return ok({ position: recovery.value.position, bytes: pending && pending.from + pending.bytes });
}

/**
 * The lines of a file, of the first `bytesMax` bytes where that is given: what an archiver appends meanwhile is read from
 * the streams. Lines that are none are left out: whoever plays the file is told of them.
 */
async function* fileLines(
  disk: Disk,
  path: string,
  bytesMax = Number.POSITIVE_INFINITY,
): AsyncGenerator<Result<RecLine, string>> {
  let bytes = 0;
  for await (const read of numberedLines(disk.pieces(path))) {
    if (!read.ok) {
      yield err(describeDiskError(read.error));
      return;
    }
    bytes += Buffer.byteLength(read.value.text) + 1;
    if (bytes > bytesMax) return;
    const parsed = parseLine(read.value.text);
    if (parsed.ok) yield parsed;
  }
}

/** Behind every position: requests that are not finished are shown too. */
const ALL: Position = "999999999999999-0";

/** What stands in the streams behind `after`, as it would be archived. */
async function* liveLines(store: Store, after: Position): AsyncGenerator<Result<RecLine, string>> {
  const order = new EntryOrder(after);
  const text = new ArchiveText();
  let cursors = { requests: after, responses: after };
  for (;;) {
    const read = await readStreams(store, cursors);
    if (!read.ok) {
      yield err(describeStoreError(read.error));
      return;
    }
    const { requests, responses } = read.value;
    order.addRequests(requests);
    order.addResponses(responses, responses.length === 0);
    cursors = {
      requests: requests.at(-1)?.position ?? cursors.requests,
      responses: responses.at(-1)?.position ?? cursors.responses,
    };
    const last = requests.length === 0 && responses.length === 0;
    // Until both streams are read to their ends, what one holds may belong before what the other has not shown yet.
    const known = last ? ALL : earliest(cursors.requests, cursors.responses);
    for (let next = order.next(known); typeof next !== "string"; next = order.next(known)) {
      for (const line of text.print(archiveLines(next)).trimEnd().split("\n")) {
        const parsed = parseLine(line);
        if (parsed.ok) yield parsed;
      }
    }
    if (last) return;
  }
}

function earliest(a: Position, b: Position): Position {
  return comparePositions(a, b) <= 0 ? a : b;
}
