import type { Topology } from "../topology.js";

/** Replaces what differs from run to run (addresses, ids, times, versions) by what it stands for. */
export function mask(topology: Topology, text: string): string {
  let masked = text;
  for (const sw of topology.switches) {
    for (const dpu of sw.dpus) masked = masked.replaceAll(dpu.midplane, `midplane(${dpu.name})`);
    masked = masked.replaceAll(new RegExp(`${quoted(sw.npu)}(?!\\d)`, "g"), `npu(${sw.name})`);
  }
  return masked
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [AP]M UTC \d{4}/g, "<time>")
    .replaceAll(/\b1\d{12}\b/g, "<ms>")
    .replaceAll(/\b1\d{9}\b/g, "<s>")
    .replaceAll(/ script: [0-9a-f]{40}, on @user_script:\d+\./g, "")
    .replaceAll(/^ {2}version "\d+"$/gm, '  version "<n>"');
}

function quoted(text: string): string {
  return text.replaceAll(".", "\\.");
}
