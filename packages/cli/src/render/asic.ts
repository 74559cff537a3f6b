import type { Drift, DriftReport, ObjectView, PendingView, QueueView } from "@tandem/asic-channel";
import { countOf } from "@tandem/base";
import { renderColumns } from "./columns.js";

/** Differences shown whole; of more there is the number. */
const FINDINGS_SHOWN = 50;

export function renderQueues(queues: readonly QueueView[], now: number): string {
  return renderColumns({
    columns: ["queue", "transport", "entries", "pending", "oldest", "KiB"],
    rows: queues.map(({ name, transport, entries, pending, oldest, kind, bytes }) => [
      name,
      transport,
      String(entries),
      kind === "stream" ? String(pending) : "-",
      oldest === undefined ? "-" : `${Math.max(0, (now - oldest) / 1000).toFixed(1)} s`,
      String(Math.ceil(bytes / 1024)),
    ]),
  });
}

export function renderObjectCounts(objects: readonly ObjectView[]): string {
  const counts = new Map<string, number>();
  for (const { type } of objects) counts.set(type, (counts.get(type) ?? 0) + 1);
  const rows = [...counts].map(([type, count]) => [short(type), String(count)]);
  return `${renderColumns({ columns: ["type", "objects"], rows })}\n${countOf(objects.length, "object")}\n`;
}

export function renderObjects(objects: readonly ObjectView[]): string {
  const lines = objects.flatMap(({ type, id, rid, attributes }) => [
    `${short(type)} ${id}${rid === undefined ? "" : `   ${rid} of the ASIC`}`,
    ...Object.entries(attributes).map(
      ([name, value]) => `    ${name.replace(`SAI_${short(type)}_ATTR_`, "")} ${value}`,
    ),
  ]);
  return `${[...lines, countOf(objects.length, "object")].join("\n")}\n`;
}

export function renderPending(pending: PendingView): string {
  const { request, steps, view, collected, firstRun, boot } = pending;
  const lines: string[] = [];
  if (request === undefined) lines.push("nothing is begun: every request is settled");
  else {
    const which = request.id === undefined ? "" : `, request ${request.id}`;
    lines.push(`begun: ${request.op} ${request.key} (${countOf(request.objects, "object")}${which})`);
    if (steps > 0) lines.push(`  ${countOf(steps, "step")} of the view change done`);
  }
  if (view === "init") lines.push(`a view is being built: ${countOf(collected, "object")} so far`);
  else if (firstRun) lines.push("no view was applied yet: requests go to the ASIC directly");
  if (boot !== "") lines.push(`the next start boots the ASIC anew: ${boot}`);
  return `${lines.join("\n")}\n`;
}

export function renderAudit({ compared, findings }: DriftReport): string {
  if (findings.length === 0) return `no drift: ${countOf(compared, "row")} compared with the ASIC\n`;
  const shown = findings.slice(0, FINDINGS_SHOWN).map((finding) => line(finding));
  const more = findings.length - shown.length;
  return `${[...shown, ...(more > 0 ? [`… and ${more} more`] : []), "", `${findings.length} of ${countOf(compared, "row")} compared`].join("\n")}\n`;
}

const KINDS: Readonly<Record<Drift["kind"], string>> = {
  notInAsic: "not in the ASIC",
  noRow: "no row",
  noVid: "in the ASIC, without VID",
  differs: "differs",
};

function line({ key, kind, attribute, row, asic }: Drift): string {
  const what = `${KINDS[kind]}   ${key.replace("SAI_OBJECT_TYPE_", "")}`;
  if (attribute === undefined) return what;
  return `${what}\n    ${attribute}   row ${row ?? "-"}   ASIC ${asic ?? "-"}`;
}

function short(type: string): string {
  return type.replace("SAI_OBJECT_TYPE_", "");
}
