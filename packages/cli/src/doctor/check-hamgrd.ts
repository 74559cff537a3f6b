import type { HamgrdStatus } from "@tandem/hamgrd";
import type { SlotBus } from "../bus-view.js";
import { age } from "../render/words.js";
import { bad, type Check, doubt, good } from "./check.js";
import { ms } from "./check-bus.js";
import type { DoctorFacts } from "./facts.js";

const AREA = "hamgrd";
/** A row that is not acknowledged for longer is worth a word. */
const UNDER_WAY_MS = 5_000;
/** Free space below which the records of a busy day may not fit. */
const FREE_LOW = 512 * 1024 * 1024;
const FREE_BAD = 32 * 1024 * 1024;
const LINES_MAX = 8;

/** Whether the hamgrd of each slot is ready, and what it waits for, refuses, or cannot get rid of. */
export function checkHamgrds({ bus }: DoctorFacts): readonly Check[] {
  const checks = bus.slots.flatMap(({ slot, hamgrd, swbusd }) => {
    if (hamgrd.kind === "told") return checkStatus(slot, hamgrd.status);
    if (hamgrd.kind === "foreign")
      return [doubt(AREA, `dpu${slot}: ${hamgrd.why}`, "tandem show hamgrd actor asks it for single actors")];
    if (swbusd.kind === "down")
      return [doubt(AREA, `dpu${slot}: unknown, since its swbusd is down`, "mend the bus first")];
    if (swbusd.kind === "unasked")
      return [doubt(AREA, `dpu${slot}: unknown, since its swbusd could not be asked`, "mend that first")];
    return [bad(AREA, `dpu${slot}: ${hamgrd.why}`, `start hamgrd -s ${slot}; its log says what it waits for`)];
  });
  return [...checks, ...checkSettings(bus.slots)];
}

/** Slots that are set differently disagree on who writes which rows. */
function checkSettings(slots: readonly SlotBus[]): readonly Check[] {
  const told = slots.flatMap(({ slot, hamgrd }) =>
    hamgrd.kind === "told" ? [{ slot, settings: hamgrd.status.settings }] : [],
  );
  const names = [...new Set(told.flatMap(({ settings }) => Object.keys(settings)))];
  return names.flatMap((name) => {
    const values = told.map(({ slot, settings }) => ({ slot, value: String(settings[name] ?? "unset") }));
    if (new Set(values.map(({ value }) => value)).size < 2) return [];
    const list = values.map(({ slot, value }) => `dpu${slot} ${value}`).join(", ");
    return [doubt(AREA, `${name} differs: ${list}`, "start all hamgrds of a switch with the same flags")];
  });
}

function checkStatus(slot: number, status: HamgrdStatus): readonly Check[] {
  const { waits, problems, bad_rows, unread, under_way, crashes, actors, pid, started, now } = status;
  const checks: Check[] = [];
  const some = (lines: readonly Check[]): void => {
    checks.push(...lines.slice(0, LINES_MAX));
    const rest = lines.length - LINES_MAX;
    if (rest > 0) checks.push({ ...(lines[LINES_MAX] as Check), text: `dpu${slot}: ${rest} more of that kind` });
  };
  some(
    waits
      .filter(({ stuck }) => stuck)
      .map(({ actor, for: what, since_ms, then }) =>
        bad(
          AREA,
          `dpu${slot} ${actor}: waits for ${what} since ${ms(since_ms)}`,
          `then: ${then}; see tandem show hamgrd actor`,
        ),
      ),
  );
  some(bad_rows.map((text) => bad(AREA, `dpu${slot} refuses ${text}`, "have its writer mend it")));
  some(
    problems.map(({ actor, severity, text }) =>
      (severity === "refused" ? bad : doubt)(
        AREA,
        `dpu${slot} ${actor}: ${text}`,
        "mend the configuration that it names",
      ),
    ),
  );
  some(
    unread.map((table) =>
      bad(AREA, `dpu${slot}: ${table} has never been read`, "is its database reachable, key events on?"),
    ),
  );
  some(
    under_way
      .filter(({ since_ms }) => since_ms > UNDER_WAY_MS)
      .map(({ actor, row, since_ms, refusal }) =>
        bad(
          AREA,
          `dpu${slot} ${actor}: ${row} is not taken since ${ms(since_ms)}${refusal === "" ? "" : `: ${refusal}`}`,
          "is the DPU's orchagent, or the Redis that it is for, running?",
        ),
      ),
  );
  some(
    crashes.map(({ actor, in_a_row, error }) =>
      (in_a_row > 0 ? bad : doubt)(
        AREA,
        `dpu${slot} ${actor}: crashed: ${error}`,
        "a bug: keep the records, report it",
      ),
    ),
  );
  const late = waits.filter(({ stuck, deadline_ms }) => !stuck && deadline_ms > 0).length;
  const awaits = waits.filter(({ stuck, deadline_ms }) => !stuck && deadline_ms === 0).length;
  const also = [
    ...(late > 0 ? [`waits within their time: ${late}`] : []),
    ...(awaits > 0 ? [`waits for somebody outside: ${awaits}`] : []),
  ];
  return [
    good(
      AREA,
      `dpu${slot}: ready for ${age(started, now)}, ${actors} actors, pid ${pid}${also.map((text) => `, ${text}`).join("")}`,
    ),
    ...checks,
  ];
}

/** Whether records can be written on. */
export function checkRecords({ disks }: DoctorFacts): readonly Check[] {
  const folders = new Map(disks.map((disk) => [disk.folder, disk]));
  return [...folders.values()].map(({ folder, free, problem }) => {
    if (free === undefined)
      return doubt("records", `${folder}: ${problem}`, "look in the container that hamgrd runs in");
    const text = `${folder}: ${(free / 1024 / 1024).toFixed(0)} MB free`;
    const remedy = "make room: records are dropped, hamgrd goes on";
    if (free < FREE_BAD) return bad("records", text, remedy);
    return free < FREE_LOW ? doubt("records", text, remedy) : good("records", text);
  });
}
