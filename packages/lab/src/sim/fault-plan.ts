import { err, type Millis, millis, ok, type Result } from "@tandem/base";
import { DPUS_PER_SWITCH_MAX, planTopology, SWITCHES_MAX } from "../topology.js";
import type { FaultWords } from "./fault.js";
import { FAULT_KINDS } from "./fault-kinds.js";

/** One fault: when, which, and for how long. */
export interface PlannedFault {
  /** Since the launch. */
  readonly at: Millis;
  readonly name: string;
  readonly words: FaultWords;
  /** Absent where nothing lasts. */
  readonly lasts?: Millis;
}

/** Everything that a run is drawn from, as data: the same plan gives the same run, line for line. */
export interface FaultPlan {
  readonly seed: number;
  readonly switches: number;
  readonly dpus: number;
  readonly minutes: number;
  /** By time. */
  readonly faults: readonly PlannedFault[];
}

/** First line of a plan as text. */
export const PLAN_SCHEMA = "tandem.sim-plan.v1";

/** Seeds are whole numbers below this. */
export const SEEDS_MAX = 2 ** 32;
export const MINUTES_MAX = 1440;
/** Faults of one plan. */
export const FAULTS_MAX = 10_000;

/** The text of a plan; `parsePlan` reads it back. */
export function formatPlan(plan: FaultPlan): string {
  const { seed, switches, dpus, minutes } = plan;
  const lines = [PLAN_SCHEMA, `cluster seed=${seed} switches=${switches} dpus=${dpus} minutes=${minutes}`];
  return [...lines, ...plan.faults.map(formatFault), ""].join("\n");
}

export function formatFault({ at, name, words, lasts }: PlannedFault): string {
  const values = Object.entries(words).map(([param, word]) => `${param}=${word}`);
  const span = lasts === undefined ? [] : [`for=${lasts / 1000}`];
  return [`at=${at / 1000}`, ...span, name, ...values].join(" ");
}

/** Reads a plan; fails with the line and what was expected there. Lines that are empty or begin with # say nothing. */
export function parsePlan(text: string): Result<FaultPlan, string> {
  const lines = text.split("\n").map((line, i) => ({ number: i + 1, words: line.trim() }));
  const [schema, head, ...rest] = lines.filter(({ words }) => words !== "" && !words.startsWith("#"));
  if (schema?.words !== PLAN_SCHEMA) return err(`line ${schema?.number ?? 1}: expected ${PLAN_SCHEMA}`);
  const cluster = parseCluster(head?.words ?? "");
  if (!cluster.ok) return err(`line ${head?.number ?? schema.number + 1}: ${cluster.error}`);
  if (rest.length > FAULTS_MAX) return err(`${rest.length} faults; at most ${FAULTS_MAX} are taken`);
  const topology = planTopology({ switches: cluster.value.switches, dpusPerSwitch: cluster.value.dpus });
  const faults: PlannedFault[] = [];
  for (const { number, words } of rest) {
    const fault = parseFault(words);
    if (!fault.ok) return err(`line ${number}: ${fault.error}`);
    const bound = FAULT_KINDS.get(fault.value.name)?.bind(fault.value.words, topology);
    if (bound !== undefined && !bound.ok) return err(`line ${number}: ${bound.error}`);
    faults.push(fault.value);
  }
  return ok({ ...cluster.value, faults: faults.sort((a, b) => a.at - b.at) });
}

function parseCluster(line: string): Result<Omit<FaultPlan, "faults">, string> {
  const [name, ...words] = line.split(/\s+/);
  if (name !== "cluster") return err("expected cluster seed=… switches=… dpus=… minutes=…");
  const values = new Map(words.map((word) => [word.split("=")[0] ?? "", word.slice(word.indexOf("=") + 1)]));
  const bounds = {
    seed: [0, SEEDS_MAX - 1],
    switches: [2, SWITCHES_MAX],
    dpus: [1, DPUS_PER_SWITCH_MAX],
    minutes: [1, MINUTES_MAX],
  } as const;
  const found: Record<string, number> = {};
  for (const [field, [min, max]] of Object.entries(bounds)) {
    const value = /^\d{1,10}$/.test(values.get(field) ?? "") ? Number(values.get(field)) : Number.NaN;
    if (!(value >= min && value <= max)) return err(`expected ${field}= a number from ${min} to ${max}`);
    found[field] = value;
  }
  return ok(found as unknown as Omit<FaultPlan, "faults">);
}

function parseFault(line: string): Result<PlannedFault, string> {
  const names: string[] = [];
  const words: Record<string, string> = {};
  for (const word of line.split(/\s+/)) {
    const equals = word.indexOf("=");
    if (equals > 0) words[word.slice(0, equals)] = word.slice(equals + 1);
    else names.push(word);
  }
  const { at: atText, for: forText, ...values } = words;
  const [name = "", surplus] = names;
  const kind = FAULT_KINDS.get(name);
  if (kind === undefined) return err(`${name || line}: no such fault; docs/simulator.md lists them`);
  if (surplus !== undefined) return err(`${surplus}: expected nothing more`);
  const at = parseSeconds(atText);
  if (at === undefined) return err("expected at= seconds, e.g. at=12.35");
  if (kind.lasts === undefined) {
    return forText === undefined ? ok({ at, name, words: values }) : err(`${name} does not last; leave out for=`);
  }
  const lasts = parseSeconds(forText);
  if (lasts === undefined) return err(`${name} lasts: expected for= seconds, e.g. for=4.2`);
  return ok({ at, name, words: values, lasts });
}

function parseSeconds(text: string | undefined): Millis | undefined {
  return text !== undefined && /^\d{1,6}(\.\d{1,3})?$/.test(text) ? millis(Math.round(Number(text) * 1000)) : undefined;
}
