import { BadFlightError, type FlightPart, type ReplayDifference, readFlight, replayStep } from "@tandem/actor";
import { err, type Json, ok, type Result } from "@tandem/base";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import { type HamgrdSettings, SETTINGS_DEFAULT } from "../actors/settings.js";
import { dpuPort } from "../ports/dpu-port.js";
import { haScopeTell } from "../ports/ha-scope-tell.js";
import { haSetPort } from "../ports/ha-set-port.js";
import { vdpuPort } from "../ports/vdpu-port.js";
import { TABLES } from "../schema/all-tables.js";

/** How a flight went when its steps were taken again. */
export interface ReplayReport {
  /** Steps that were taken again. */
  readonly steps: number;
  /** Recorded crashes: they are counted and not taken again. */
  readonly crashes: number;
  readonly processes: readonly string[];
  /** The first step that came out otherwise; absent when all are as recorded. */
  readonly first?: DifferentStep;
}

export interface DifferentStep {
  /** Number of its line in the file. */
  readonly line: number;
  readonly step: number;
  /** `<type>/<id>`. */
  readonly actor: string;
  readonly process: string;
  readonly differences: readonly ReplayDifference[];
}

const PORTS = [dpuPort, vdpuPort, haSetPort];
const TELLS = [haScopeTell];
const ALL_TABLES = Object.values(TABLES).flat();

/**
 * Takes every step of a flight again, through the same pure derivations. Fails with one line for a file that is not
 * whole or cannot be read; a step that comes out otherwise is no failure but the answer.
 */
export function replayFlight(lines: readonly string[]): Result<ReplayReport, string> {
  const parts = readFlight(lines);
  if (!parts.ok) return parts;
  const processes = parts.value.map(({ process }) => process.process);
  let steps = 0;
  let crashes = 0;
  for (const part of parts.value) {
    const settings = settingsOf(part.process.about);
    if (settings === undefined) return err(`${part.process.process}: expected the settings of a hamgrd`);
    const world = {
      actors: hamgrdActors(settings),
      tables: ALL_TABLES,
      ports: PORTS,
      tells: TELLS,
      values: part.values,
    };
    for (const { line, step } of part.steps) {
      if (step.inputs === undefined) {
        crashes += 1;
        continue;
      }
      const differences = taken(() => replayStep(step, world));
      if (!differences.ok) return err(`line ${line}: ${differences.error}`);
      steps += 1;
      if (differences.value.length === 0) continue;
      const first = different(part, line, step.n, `${step.type}/${step.id}`, differences.value);
      return ok({ steps, crashes, processes, first });
    }
  }
  return ok({ steps, crashes, processes });
}

function different(
  { process }: FlightPart,
  line: number,
  step: number,
  actor: string,
  differences: readonly ReplayDifference[],
): DifferentStep {
  return { line, step, actor, process: process.process, differences };
}

function taken(work: () => readonly ReplayDifference[]): Result<readonly ReplayDifference[], string> {
  try {
    return ok(work());
  } catch (error) {
    if (error instanceof BadFlightError) return err(error.message);
    throw error;
  }
}

/** Settings of a version that knows more are read as far as they are known. */
function settingsOf(about: Json): HamgrdSettings | undefined {
  if (typeof about !== "object" || about === null || Array.isArray(about)) return undefined;
  const known = about as { readonly [member: string]: Json | undefined };
  if (typeof known["slot"] !== "number") return undefined;
  const names = Object.keys(SETTINGS_DEFAULT) as (keyof typeof SETTINGS_DEFAULT)[];
  const settings: Record<string, unknown> = { ...SETTINGS_DEFAULT, slot: known["slot"] };
  for (const name of names) {
    if (typeof known[name] === typeof SETTINGS_DEFAULT[name]) settings[name] = known[name];
  }
  return settings as unknown as HamgrdSettings;
}

/** What a replay came to, for people. */
export function describeReplay({ steps, crashes, processes, first }: ReplayReport): readonly string[] {
  const told = crashes === 0 ? "" : `, ${crashes} recorded crashes passed over`;
  const of = `${processes.length} ${processes.length === 1 ? "process" : "processes"}`;
  if (first === undefined) return [`${steps} steps of ${of} taken again, all as recorded${told}`];
  return [
    `line ${first.line}: step ${first.step} of ${first.actor} in ${first.process} comes out otherwise`,
    ...first.differences.flatMap(({ what, recorded, replayed }) => [
      `  ${what}`,
      `    recorded  ${recorded}`,
      `    now       ${replayed}`,
    ]),
    `${steps - 1} steps before it are as recorded${told}`,
  ];
}
