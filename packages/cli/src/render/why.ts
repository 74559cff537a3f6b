import type { ActorAnswer, RowAnswer, StepSummary, WaitAnswer } from "@tandem/actor";
import { type Paint, plain } from "./ha.js";
import { newlyDone, tellingSteps } from "./steps.js";
import { clip, clockTime, duration, shortNode, wrap } from "./values.js";
import { rowName, typeName } from "./why-name.js";

/** One actor as one hamgrd knows it. */
export interface WhyActor {
  /** Node of the hamgrd. */
  readonly node: string;
  readonly actor: ActorAnswer;
  /** Its last steps, oldest first. */
  readonly steps: readonly StepSummary[];
}

/** A row, and what is known of it. */
export interface WhyRow {
  /** `<DB>|<TABLE>|<key>`. */
  readonly row: string;
  /** As the database holds it; `null` when it does not, absent when that cannot be said. */
  readonly fields?: Readonly<Record<string, string>> | null;
  /** Who stands for it. */
  readonly by: readonly { readonly who: WhyActor; readonly state: RowAnswer }[];
  /** Who would stand for rows of this table, and does not for this one. */
  readonly couldBy: readonly WhyActor[];
  /** Who reads it. */
  readonly readBy: readonly { readonly node: string; readonly actor: string }[];
  /** Whether anybody of ours writes rows of this table. */
  readonly isInput: boolean;
}

/** The answer to `why`. */
export interface WhyAnswer {
  readonly name: string;
  /** The one who decides, first. */
  readonly actors: readonly WhyActor[];
  /** The same name in other hamgrds, which have less to do with it. */
  readonly others: readonly { readonly node: string; readonly reason: string }[];
  readonly peer?: WhyActor;
  readonly row?: WhyRow;
  /** Rows that databases hold of it; given when no hamgrd answers for it. */
  readonly found: readonly { readonly row: string; readonly fields: Readonly<Record<string, string>> }[];
  /** Steps of record files; given when no hamgrd answers for it. */
  readonly recorded: readonly StepSummary[];
  readonly silent: readonly { readonly who: string; readonly why: string }[];
}

const WIDTH = 100;
const LABEL = 10;
const STEPS_SHOWN = 3;

/** A label and lines beside it. */
function block(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => `  ${(i === 0 ? label : "").padEnd(LABEL)}${line}`.trimEnd());
}

function text(label: string, words: string): readonly string[] {
  return block(label, wrap(words, WIDTH - LABEL - 2));
}

/** `why`, at most 100 columns. `now` is wall-clock time, for ages. */
export function renderWhy(answer: WhyAnswer, now: number, paint: Paint = plain): string {
  const { row, actors, others, peer, found, recorded, silent } = answer;
  const lines: string[] = [];
  if (row !== undefined) lines.push(...rowLines(row, paint));
  for (const who of row === undefined ? actors : []) lines.push(...actorLines(who, now, paint));
  if (peer !== undefined) lines.push(...text("peer", peerWords(peer)));
  if (others.length > 0) {
    const words = others.map(({ node, reason }) => `${shortNode(node)}: ${reason}`);
    lines.push(
      ...block(
        "also on",
        words.slice(0, 4).flatMap((line) => wrap(line, WIDTH - LABEL - 2)),
      ),
    );
    if (words.length > 4) lines.push(...block("", [`and ${words.length - 4} more`]));
  }
  if (found.length > 0) {
    lines.push(`${answer.name}: no hamgrd answers for it; this is what the databases hold`);
    for (const { row: name, fields } of found) lines.push(...fieldLines(name, fields));
  }
  if (recorded.length > 0) lines.push(...stepLines("recorded", recorded));
  for (const { who, why } of silent) lines.push(...text("silent", paint("warn", `${who}: ${why}`)));
  return `${lines.join("\n")}\n`;
}

function actorLines({ node, actor, steps }: WhyActor, now: number, paint: Paint): readonly string[] {
  const since = lastChange(steps, actor);
  const age = since === undefined ? "" : `, for ${duration(now - since)} (since ${clockTime(since)})`;
  const problems = actor.problems.flatMap(({ severity, text: words }) =>
    wrap(`${severity}: ${words}`, WIDTH - LABEL - 2).map((line) =>
      paint(severity === "refused" ? "bad" : "warn", line),
    ),
  );
  return [
    `${typeName(actor.type)} ${actor.id}, in the hamgrd of ${shortNode(node)}`,
    ...text("state", `${actor.reason}${age}`),
    ...(actor.exists ? [] : text("", paint("warn", "its config row is gone; what it wrote is being removed"))),
    ...block(
      "waits",
      actor.waits.length === 0 ? ["for nothing"] : actor.waits.flatMap((wait) => waitLines(wait, paint)),
    ),
    ...(actor.problems.length === 0 ? [] : block("problems", problems)),
    ...(actor.crashes === 0
      ? []
      : text("crashes", paint("bad", `${actor.crashes} in a row, last: ${actor.lastError ?? "?"}`))),
    ...block("rows", rowStates(actor.rows, paint)),
    ...messageLines(actor, paint),
    ...stepLines("decided", steps),
    ...text("follows", changeWords(actor)),
  ];
}

/** When it decided what it decides now: refreshes and acknowledgements since then changed nothing. */
function lastChange(steps: readonly StepSummary[], actor: ActorAnswer): number | undefined {
  let since = actor.decidedAt ?? undefined;
  for (let i = steps.length - 1; i >= 0 && steps[i]?.reason === actor.reason; i--) since = steps[i]?.at as never;
  return since;
}

function waitLines(wait: WaitAnswer, paint: Paint): readonly string[] {
  const { for: what, age, left, stuck, then } = wait;
  const words =
    left === null
      ? `for ${what}, since ${duration(age)}; without a deadline: ${then}`
      : stuck
        ? `STUCK for ${what}, since ${duration(age)}${overWords(left)}; now: ${then}`
        : `for ${what}, since ${duration(age)}, ${duration(left)} left; then: ${then}`;
  return wrap(words, WIDTH - LABEL - 2).map((line) => (stuck ? paint("bad", line) : line));
}

/** A wait that takes turns with others may have time left of its own. */
function overWords(left: number): string {
  return left < 0 ? `, ${duration(-left)} too long` : "";
}

const ROWS_SHOWN = 8;

function rowStates(rows: readonly RowAnswer[], paint: Paint): readonly string[] {
  if (rows.length === 0) return ["none"];
  // What is not where it belongs comes first.
  const sorted = [...rows].sort((a, b) => rank(a) - rank(b));
  const shown = sorted.slice(0, ROWS_SHOWN);
  const width = Math.min(58, Math.max(...shown.map(({ row }) => rowName(row).length)));
  const lines = shown.flatMap((row) => {
    const line = `${clip(rowName(row.row), width).padEnd(width)}  ${stateWords(row)}`;
    return [row.refusal === "" ? clip(line, WIDTH - LABEL - 2) : paint("bad", line), ...refusalLines(row, paint)];
  });
  const rest = sorted.slice(ROWS_SHOWN);
  if (rest.length === 0) return lines;
  const good = rest.filter(({ state }) => state === "acknowledged").length;
  return [...lines, `and ${rest.length} more, ${good === rest.length ? "all" : good} acknowledged`];
}

function refusalLines({ refusal }: RowAnswer, paint: Paint): readonly string[] {
  if (refusal === "") return [];
  return wrap(`refused: ${refusal}; tried again until it is taken`, WIDTH - LABEL - 4).map((line) =>
    paint("bad", `  ${line}`),
  );
}

function rank({ state, refusal }: RowAnswer): number {
  return refusal !== "" ? 0 : state === "acknowledged" ? 2 : 1;
}

function stateWords({ state, age }: RowAnswer): string {
  const ago = age === null ? "" : ` ${duration(age)} ago`;
  switch (state) {
    case "acknowledged":
      return `acknowledged${ago}`;
    case "sent":
      return `sent${ago}, not acknowledged`;
    case "queued":
      return "waits for what goes out before it";
    case "deleting":
      return age === null ? "is to be deleted" : `delete sent${ago}, not acknowledged`;
    case "kept":
      return "kept as it is, while something is missing";
  }
}

function messageLines({ messages }: ActorAnswer, paint: Paint): readonly string[] {
  const lines = messages.slice(0, 4).flatMap(({ to, key, age, refusal }) => {
    const words = `${key} to ${to}, unanswered for ${duration(age)}${refusal === "" ? "" : ` (${refusal})`}; sent again`;
    return wrap(words, WIDTH - LABEL - 2).map((line) => (age > 1000 ? paint("warn", line) : line));
  });
  return lines.length === 0 ? [] : block("messages", lines);
}

/** The last steps that decided something else than the one before. */
function stepLines(label: string, steps: readonly StepSummary[]): readonly string[] {
  const shown = tellingSteps(steps).slice(-STEPS_SHOWN);
  if (shown.length === 0) return [];
  const lines = shown.flatMap((step) => {
    const head = `${clockTime(step.at)}  ${step.reason}`;
    const did = newlyDone(step).map(didWords);
    const why = `because ${causeWords(step)}`;
    return [
      ...wrap(head, WIDTH - LABEL - 2),
      ...[why, ...did.slice(0, 3), ...(did.length > 3 ? [`and ${did.length - 3} more`] : [])].map((line) =>
        clip(`          ${line}`, WIDTH - LABEL - 2),
      ),
    ];
  });
  return block(label, lines);
}

function didWords(line: string): string {
  const at = line.indexOf(" ");
  const verb = line.slice(0, at);
  return verb === "set" || verb === "del" ? `${verb} ${rowName(line.slice(at + 1))}` : line;
}

/** What a step saw; where that was only what others made of a change, the change too. */
function causeWords({ saw, trace }: StepSummary): string {
  const cause = /^[A-Z_]+_DB\|/.test(trace.cause) ? rowName(trace.cause) : trace.cause;
  const first = saw.find((line) => !/ written$/.test(line));
  if (first === undefined) return saw.length === 0 ? cause : `${cause}, and its rows are written`;
  if (first.startsWith(`${trace.cause} `)) return rowName(first);
  return /^start\b/.test(first) ? `it started with ${cause}` : `${first.replace("|", " ")}, by ${cause}`;
}

function changeWords({ inputs }: ActorAnswer): string {
  const rows = inputs.rows.map(rowName);
  const states = inputs.states.map(({ name, known }) => `${name.replace("/", " ")}${known ? "" : " (unknown yet)"}`);
  const told = inputs.told.map((from) => `what ${from.slice(from.indexOf("|") + 1)} tells`);
  const all = [...rows.slice(0, 5), ...(rows.length > 5 ? [`${rows.length - 5} more rows`] : []), ...states, ...told];
  return all.length === 0 ? "nothing" : all.join(", ");
}

function peerWords({ node, actor }: WhyActor): string {
  const waits = actor.waits.map((wait) => `${wait.stuck ? "STUCK for" : "waits for"} ${wait.for}`);
  return [`${actor.id} on ${shortNode(node)}: ${actor.reason}`, ...waits].join("; ");
}

function rowLines(answer: WhyRow, paint: Paint): readonly string[] {
  const { row, fields, by, couldBy, readBy, isInput } = answer;
  const there = fields === null ? "is not there" : fields === undefined ? "cannot be read" : "is there";
  const head = `${rowName(row)} ${there}`;
  const lines = [...wrap(head, WIDTH)];
  if (fields !== undefined && fields !== null) lines.push(...text("holds", fieldWords(fields)));
  for (const { who, state } of by) {
    const { actor, node } = who;
    lines.push(
      ...text(
        "written",
        `by ${typeName(actor.type)} ${actor.id}, in the hamgrd of ${shortNode(node)}: ${stateWords(state)}`,
      ),
      ...block("", refusalLines(state, paint)),
      ...text("because", actor.reason),
      ...block(
        "",
        actor.waits.flatMap((wait) => waitLines(wait, paint).map((line) => line)),
      ),
      ...stepLines("decided", who.steps),
      ...text("follows", changeWords(actor)),
    );
  }
  if (by.length === 0 && !isInput) {
    lines.push(...text("written", paint(fields === null ? "warn" : "bad", "no actor here stands for it")));
    if (couldBy.length === 0) lines.push(...text("", "none exists that would write rows of this table"));
    for (const { actor, node } of couldBy.slice(0, 4)) {
      const waits = actor.waits.map((wait) => `${wait.stuck ? "STUCK for" : "waits for"} ${wait.for}`);
      const problems = actor.problems.map((problem) => problem.text);
      const words = [...new Set([actor.reason, ...waits, ...problems])].join("; ");
      lines.push(...text("", `${typeName(actor.type)} ${actor.id} (${shortNode(node)}) does not: ${words}`));
    }
    for (const { steps } of couldBy) lines.push(...stepLines("earlier", steps));
  }
  if (isInput) lines.push(...text("written", "from outside; no hamgrd writes rows of this table"));
  if (readBy.length > 0) {
    const readers = readBy.map(({ node, actor }) => `${actor.replace("/", " ")} (${shortNode(node)})`);
    const more = readers.length > 6 ? [`${readers.length - 6} more`] : [];
    lines.push(...text("read by", [...readers.slice(0, 6), ...more].join(", ")));
  } else if (isInput) lines.push(...text("read by", "no actor here"));
  return lines;
}

function fieldLines(row: string, fields: Readonly<Record<string, string>>): readonly string[] {
  return [`  ${rowName(row)}`, ...block("", wrap(fieldWords(fields), WIDTH - LABEL - 2))];
}

function fieldWords(fields: Readonly<Record<string, string>>): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value === "" ? '""' : value}`);
  return words.length === 0 ? "no fields" : words.join(" ");
}
