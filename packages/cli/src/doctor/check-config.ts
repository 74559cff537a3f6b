import { countOf } from "@tandem/base";
import type { TableRow } from "../render/rows.js";
import { listItems } from "../render/words.js";
import { bad, type Check, doubt, good } from "./check.js";
import type { ConfigRows, DoctorFacts } from "./facts.js";

const AREA = "configuration";
/** Lines about one table; beyond it the rest is counted. */
const LINES_MAX = 8;

/** Whether the rows that hamgrd needs are there, fit each other, and are such as their schemas take. */
export function checkConfig({ rows, tables }: DoctorFacts): readonly Check[] {
  return [...checkRequired(rows), ...checkReferences(rows), ...checkSchemas(tables)];
}

function checkRequired({ metadata, loopbacks, dpus, remoteDpus, vdpus, global }: ConfigRows): readonly Check[] {
  if (metadata === undefined) return [];
  const checks: Check[] = [];
  const host = metadata.find(({ key }) => key[0] === "localhost")?.fields ?? {};
  const missing = ["region", "cluster", "hostname"].filter((field) => !host[field]);
  if (missing.length > 0) {
    const text = `DEVICE_METADATA|localhost lacks ${missing.join(", ")}: no swbusd and no hamgrd knows who it is`;
    checks.push(bad(AREA, text, "set them in CONFIG_DB; both daemons go on by themselves"));
  }
  if (!(loopbacks ?? []).some(({ key }) => /^Loopback0$/.test(key[0] ?? "") && (key[1] ?? "") !== "")) {
    checks.push(bad(AREA, "LOOPBACK_INTERFACE has no address of Loopback0", "configure one: the bus binds to it"));
  }
  const lacks = (found: readonly TableRow[] | undefined, table: string, what: string, remedy: string): void => {
    if ((found ?? []).length === 0) checks.push(bad(AREA, `${table} has no row: ${what}`, remedy));
  };
  lacks(dpus, "DPU", "no DPU of this switch is managed", "have the network controller write them");
  lacks(vdpus, "VDPU", "HA sets cannot name a DPU", "have the network controller write them");
  lacks(
    global,
    "DASH_HA_GLOBAL_CONFIG",
    "no BFD session and no route is made",
    "have the controller write its one row",
  );
  if ((remoteDpus ?? []).length === 0) {
    checks.push(
      doubt(AREA, "REMOTE_DPU has no row: no other switch is known", "have the network controller write them"),
    );
  }
  const [globalRow] = global ?? [];
  if (globalRow !== undefined && !globalRow.fields["dpu_vnet"] && !globalRow.fields["vnet_name"]) {
    checks.push(bad(AREA, "DASH_HA_GLOBAL_CONFIG has no dpu_vnet: no route is written", "set dpu_vnet"));
  }
  if (checks.length === 0) {
    const counts = [
      `${countOf((dpus ?? []).length, "DPU")} here`,
      `${(remoteDpus ?? []).length} remote`,
      countOf((vdpus ?? []).length, "vDPU"),
    ];
    checks.push(good(AREA, `${host["hostname"]} in ${host["region"]}.${host["cluster"]}: ${counts.join(", ")}`));
  }
  return checks;
}

/** Names in rows that no other row has. */
function checkReferences({ dpus, remoteDpus, vdpus, sets, scopes }: ConfigRows): readonly Check[] {
  if (dpus === undefined || remoteDpus === undefined || vdpus === undefined) return [];
  const names = (found: readonly TableRow[], separator: string): ReadonlySet<string> =>
    new Set(found.map(({ key }) => key.join(separator)));
  const known = new Set([...names(dpus, "|"), ...names(remoteDpus, "|")]);
  const dangling: string[] = [];
  for (const { key, fields } of vdpus) {
    for (const dpu of listItems(fields["main_dpu_ids"])) {
      if (!known.has(dpu))
        dangling.push(`VDPU ${key.join("|")} names ${dpu}, which is in no DPU and no REMOTE_DPU row`);
    }
  }
  const vdpuNames = names(vdpus, "|");
  for (const { key, fields } of sets ?? []) {
    for (const vdpu of listItems(fields["vdpu_ids"])) {
      if (!vdpuNames.has(vdpu)) dangling.push(`HA set ${key.join(":")} names ${vdpu}, which is in no VDPU row`);
    }
  }
  const setNames = names(sets ?? [], ":");
  for (const { key, fields } of scopes ?? []) {
    const set = fields["ha_set_id"] ?? "";
    if (sets !== undefined && set !== "" && !setNames.has(set)) {
      dangling.push(`HA scope ${key.join(":")} names the HA set ${set}, which is not configured here`);
    }
  }
  return dangling.map((text) => bad(AREA, text, "hamgrd waits for it: configure it, or mend the name"));
}

function checkSchemas(tables: DoctorFacts["tables"]): readonly Check[] {
  const checks: Check[] = [];
  for (const { name, readBy, bad: refused, unknown } of tables) {
    const remedy =
      readBy === "hamgrd" ? "hamgrd refuses it: have its writer mend it" : "others read it: have its writer mend it";
    const told = refused.slice(0, LINES_MAX).map((text) => (readBy === "hamgrd" ? bad : doubt)(AREA, text, remedy));
    checks.push(...told);
    if (refused.length > LINES_MAX)
      checks.push(bad(AREA, `${name}: ${refused.length - LINES_MAX} more rows are refused`, remedy));
    checks.push(
      ...unknown
        .slice(0, LINES_MAX)
        .map((text) => doubt(AREA, `${name} ${text}: nobody knows it`, "a spelling mistake? it is ignored")),
    );
  }
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const refused = tables.reduce((sum, table) => sum + table.bad.length, 0);
  if (tables.length > 0 && refused === 0)
    checks.push(good(AREA, `${rows} rows of ${tables.length} tables are as their schemas want them`));
  return checks;
}
