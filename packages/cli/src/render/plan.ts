import type { OperationPlan, PairView, PlanStep, SideView } from "@tandem/hamgrd";
import { renderColumns } from "./columns.js";
import { stateName } from "./words.js";

/** `plan` as text. */
export function renderPlan(title: string, pair: PairView, plan: OperationPlan): string {
  const { verdict, reasons, risks, ownerNow, ownerAfter, traffic, steps } = plan;
  const lines = [`${title}: ${verdict}`, ""];
  lines.push(...reasons.map((reason) => `  because ${reason}`));
  if (reasons.length > 0) lines.push("");
  lines.push(
    ...renderColumns({ columns: SIDE_COLUMNS, rows: pair.sides.map(sideCells) })
      .trimEnd()
      .split("\n"),
    "",
  );
  if (steps.length === 0) return `${lines.join("\n").trimEnd()}\n`;
  lines.push(`owner    ${ownerNow || "nobody"} now, ${ownerAfter || "nobody"} afterwards`, `traffic  ${traffic}`);
  lines.push(...risks.map((risk) => `risk     ${risk}`), "");
  lines.push(...steps.flatMap((step, i) => stepLines(step, i + 1)));
  lines.push("", "nothing was written: the SDN controller carries this out, hamgrds and DPUs follow");
  return `${lines.join("\n")}\n`;
}

const SIDE_COLUMNS = ["vDPU", "DPU", "Switch", "State", "Desired", "BFD", "Pending", "Health"];

function sideCells({ vdpu, dpu, on, pinned, state }: SideView): readonly string[] {
  if (!state.known) return [vdpu, dpu || "-", on || "-", "unknown", "-", "-", "-", "-"];
  const health = [...state.planesWrong, ...(pinned === "none" ? [] : [`pinned ${pinned}`])];
  return [
    ...[vdpu, dpu, on, stateName(state.haState)],
    state.disabled === true ? "disabled" : state.desired || "-",
    String(state.bfd.length),
    state.pending.map(({ type }) => type).join(",") || "-",
    health.join(", ") || "up",
  ];
}

function stepLines({ text, rows, then }: PlanStep, number: number): readonly string[] {
  const who = Math.max(0, ...rows.map(({ by }) => by.length));
  return [
    `${String(number).padStart(2)}. ${text}`,
    ...rows.flatMap(({ by, op, where, row, fields }) => [
      `      ${by.padEnd(who)}  ${op === "delete" ? "deletes" : "writes "} ${row}  (${where})`,
      ...(fields === "" ? [] : [`      ${" ".repeat(who)}          ${fields}`]),
    ]),
    ...(then === "" ? [] : [`      then ${then}`]),
  ];
}
