import { err, ok, type Result, systemClock } from "@tandem/base";
import pc from "picocolors";
import { Hamgrds, remoteEndpoints } from "../ask-hamgrds.js";
import {
  type CommandRun,
  type Failure,
  failed,
  type Invocation,
  type Io,
  numberOption,
  printJson,
  textOption,
  wantsJson,
} from "../io.js";
import { readRecords } from "../record-files.js";
import { type Paint, plain } from "../render/ha.js";
import type { ProcessRecords } from "../render/record-lines.js";
import { renderTimeline, selectTraces, traceViews } from "../render/timeline.js";
import { parseDuration } from "../render/values.js";

const SINCE_DEFAULT = "1m";
/** Traces that are shown unless told otherwise. */
const LAST_DEFAULT = 20;

/** `tandem timeline [name…]`. */
export const runTimeline: CommandRun = async (invocation, io) => {
  const text = textOption(invocation, "since") ?? SINCE_DEFAULT;
  const duration = parseDuration(text);
  if (duration === undefined)
    return err({ kind: "usage", message: `--since ${text}: expected a duration, e.g. 30s or 5m` });
  const from = textOption(invocation, "from");
  // What a file holds is looked at whole, unless a time is asked for: it may be old.
  const all = from !== undefined && textOption(invocation, "since") === undefined;
  const since = all ? 0 : systemClock.now() - duration;
  const records = from === undefined ? await ask(invocation, since, io) : await fromFiles(from);
  if (!records.ok) return records;
  const views = selectTraces(
    traceViews(records.value, since),
    invocation.args.join(" "),
    invocation.options["all"] === true,
  );
  const shown = views.slice(-numberOption(invocation, "last", LAST_DEFAULT));
  if (wantsJson(invocation)) printJson(io, "timeline", { left: views.length - shown.length, traces: shown });
  else io.print(renderTimeline(shown, views.length - shown.length, io.colours ? paint : plain));
  return ok();
};

async function fromFiles(from: string): Promise<Result<readonly ProcessRecords[], Failure>> {
  const records = await readRecords(from);
  return records.ok ? records : err(failed(records.error));
}

/** What the hamgrds of this switch and of its cluster have recorded; whoever does not answer is complained about. */
async function ask(invocation: Invocation, since: number, io: Io): Promise<Result<readonly ProcessRecords[], Failure>> {
  const opened = await Hamgrds.openWithTables(invocation, io);
  if (!opened.ok) return opened;
  await using asked = opened.value;
  const { tables, hamgrds } = asked;
  const places = [...hamgrds.local];
  const remotes = invocation.options["local"] === true ? [] : await hamgrds.remotes(await remoteEndpoints(tables));
  for (const remote of remotes) {
    if (remote.ok) places.push(remote.value);
    else io.complain(`warning: ${remote.error.who}: ${remote.error.why}`);
  }
  const records = await Promise.all(
    places.map(async (place): Promise<readonly ProcessRecords[]> => {
      const steps = await hamgrds.steps(place, { since: String(Math.floor(since)) }, io.signal);
      if (steps.ok) return [{ process: String(place.node), steps: steps.value }];
      io.complain(`warning: ${steps.error.who}: ${steps.error.why}`);
      return [];
    }),
  );
  const heard = records.flat();
  return heard.length > 0 ? ok(heard) : err(failed("no hamgrd answers; --from FILE reads what one has recorded"));
}

const colours = pc.createColors(true);
const paint: Paint = (tone, text) => ({ good: colours.green, bad: colours.red, warn: colours.yellow })[tone](text);
