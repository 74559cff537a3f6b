import { err, millis, ok, sleep, systemClock } from "@tandem/base";
import { compare, confirmed, type DriftResult, type DriftView, type Finding } from "../drift/compare.js";
import { DriftGatherer } from "../drift/gather.js";
import { type CommandRun, failed, printJson, wantsJson } from "../io.js";
import { driftNotes, type RepairLines, renderDrift } from "../render/drift.js";
import { switchAccess } from "../switch-slots.js";

/** Between two looks: what was under way in the first is done by the second. */
const LOOK_AGAIN = millis(300);

/** `tandem drift [--repair]`: what hamgrds stand for, against databases. Fails while something differs or is unknown. */
export const runDrift: CommandRun = async (invocation, io) => {
  const opened = await DriftGatherer.open(switchAccess(invocation), io);
  if (!opened.ok) return opened;
  await using gatherer = opened.value;
  let seen = await lookTwice(gatherer);
  if (!seen.ok) return seen;
  let repair: RepairLines | undefined;
  if (invocation.options["repair"] === true) {
    repair = await repairAll(gatherer, seen.value.result.findings);
    seen = await lookTwice(gatherer);
    if (!seen.ok) return seen;
  }
  const { view, result } = seen.value;
  if (wantsJson(invocation)) printJson(io, "drift", driftJson(view, result, repair));
  else io.print(renderDrift(view.slots, result, repair));
  const unknown = view.slots.filter(({ standing }) => standing.kind === "unknown").length;
  if (result.findings.length === 0 && unknown === 0) return ok();
  const what = [
    ...(result.findings.length > 0 ? [`rows that are not as they should be: ${result.findings.length}`] : []),
    ...(unknown > 0 ? [`slots whose hamgrd or DPU database did not answer: ${unknown}`] : []),
  ];
  return err(failed(what.join(", ")));
};

async function lookTwice(gatherer: DriftGatherer) {
  const first = await gatherer.look();
  if (!first.ok) return first;
  const result = compare(first.value);
  if (result.findings.length === 0) return ok({ view: first.value, result });
  await sleep(systemClock, LOOK_AGAIN);
  const second = await gatherer.look();
  if (!second.ok) return second;
  const again = compare(second.value);
  return ok({ view: second.value, result: { ...again, findings: confirmed(result.findings, again.findings) } });
}

/** Asks each owner to write or delete what was found. */
async function repairAll(gatherer: DriftGatherer, findings: readonly Finding[]): Promise<RepairLines> {
  const done: string[] = [];
  const notDone: string[] = findings
    .filter(({ slot }) => slot === undefined)
    .map(
      ({ row, kind }) =>
        `${row}: no hamgrd here ${kind === "stray" ? "may delete it" : "can be asked to write it again"}`,
    );
  const slots = [...new Set(findings.flatMap(({ slot }) => slot ?? []))];
  for (const slot of slots) {
    const mine = findings.filter((finding) => finding.slot === slot);
    const rowsOf = (isStray: boolean): readonly string[] =>
      mine.filter(({ kind }) => (kind === "stray") === isStray).map(({ row }) => row);
    const session = await gatherer.session(slot);
    if (!session.ok) {
      notDone.push(`dpu${slot}: ${session.error}`);
      continue;
    }
    const { questions, node } = session.value;
    const answer = await questions.repair(node, { rewrite: rowsOf(false), discard: rowsOf(true) });
    if (!answer.ok) {
      notDone.push(`dpu${slot}: ${answer.error.text}`);
      continue;
    }
    const { rewritten, discarded, refused, settled } = answer.value;
    done.push(...rewritten.map((row) => `hamgrd of dpu${slot} wrote ${row} again`));
    done.push(...discarded.map((row) => `hamgrd of dpu${slot} deleted ${row}`));
    notDone.push(...refused, ...(settled ? [] : [`dpu${slot}: not everything is acknowledged within 3 s`]));
  }
  return { done, failed: notDone };
}

function driftJson(view: DriftView, { compared, findings }: DriftResult, repair: RepairLines | undefined): object {
  return {
    compared,
    findings,
    slots: view.slots.map(({ slot, dpu, down, standing }) => ({
      slot,
      dpu,
      down: down ?? null,
      hamgrd: standing.kind,
      rows: standing.kind === "unknown" ? 0 : standing.report.rows.length,
    })),
    notes: driftNotes(view.slots),
    ...(repair !== undefined && { repair }),
  };
}
