import { parseRowRef, type ReportedRow, type RowRef, type StandingReport } from "@tandem/actor";
import { DPU_TABLES_OF_ONE, TABLES_OF_HAMGRD } from "@tandem/hamgrd";
import { EMPTY_ROW, type Fields } from "@tandem/swss";

/** One DPU slot of this switch, and what its hamgrd says. */
export interface SlotView {
  readonly slot: number;
  /** Row key of its DPU. */
  readonly dpu: string;
  /** Why its databases are not compared: the DPU is down. */
  readonly down?: string;
  readonly standing:
    | { readonly kind: "told"; readonly report: StandingReport }
    /** Another build, that knows no such question: what its actors' dumps show. It cannot be told to repair. */
    | { readonly kind: "dumped"; readonly report: StandingReport }
    /** Its hamgrd did not answer, or cannot: nothing is known of its rows. */
    | { readonly kind: "unknown"; readonly why: string };
}

/** A table as one database holds it; `container` is empty for the switch's own. */
export interface FoundTable {
  readonly container: string;
  readonly db: string;
  readonly table: string;
  readonly rows: ReadonlyMap<string, Fields>;
  /** Keys that are written and not yet taken by their consumer. */
  readonly pending: ReadonlySet<string>;
}

/** Everything that is compared. */
export interface DriftView {
  readonly slots: readonly SlotView[];
  readonly tables: readonly FoundTable[];
  /** Rows that ledgers in STATE_DB name, by slot name, e.g. `dpu0`. */
  readonly ledgers: ReadonlyMap<string, readonly string[]>;
}

export interface FieldDifference {
  readonly field: string;
  readonly stands: string | undefined;
  readonly found: string | undefined;
}

/** A row that a database does not hold as it should. */
export interface Finding {
  readonly kind: "missing" | "differs" | "stray";
  readonly container: string;
  /** `<DB>|<TABLE>|<key>`. */
  readonly row: string;
  readonly db: string;
  readonly table: string;
  readonly key: string;
  /** Who stands for it; of a stray, whose ledger names it, or empty. */
  readonly actor: string;
  /** The slot whose hamgrd can mend it; `undefined` when none can. */
  readonly slot: number | undefined;
  readonly fields: readonly FieldDifference[];
  /** What its sink said last, while the row is on its way; empty otherwise. */
  readonly refusal: string;
}

export interface DriftResult {
  readonly compared: number;
  /** Missing rows, then differing ones, then strays; by database. */
  readonly findings: readonly Finding[];
}

/** The container that holds a table of a slot: databases named `DPU_…` are the DPU's. */
export function containerOf(db: string, slot: number): string {
  return db.startsWith("DPU_") ? `dpu${slot}` : "";
}

/**
 * What every hamgrd of the switch stands for, against what databases hold. Nothing is found in the databases of a DPU that
 * is down, nor where a hamgrd did not say what it stands for; rows that nobody stands for only where all of them said it.
 */
export function compare(view: DriftView): DriftResult {
  const found = new Map(view.tables.map((table) => [`${table.container}/${table.db}|${table.table}`, table]));
  const tableOf = (slot: number, ref: RowRef): FoundTable | undefined =>
    found.get(`${containerOf(ref.db, slot)}/${ref.tableId}`);
  const findings: Finding[] = [];
  let compared = 0;
  for (const { slot, down, standing } of view.slots) {
    if (standing.kind === "unknown") continue;
    for (const reported of standing.report.rows) {
      const ref = parseRowRef(reported.row);
      if (ref === undefined || reported.once || (down !== undefined && ref.db.startsWith("DPU_"))) continue;
      const table = tableOf(slot, ref);
      if (table === undefined || table.pending.has(ref.key)) continue;
      compared += 1;
      const finding = findingOf(slot, ref, reported, table.rows.get(ref.key));
      if (finding !== undefined) findings.push(standing.kind === "told" ? finding : { ...finding, slot: undefined });
    }
  }
  findings.push(...strays(view));
  const order = { missing: 0, differs: 1, stray: 2 } as const;
  findings.sort((a, b) => {
    const [left, right] = [`${a.container}/${a.db}`, `${b.container}/${b.db}`];
    if (left !== right) return left < right ? -1 : 1;
    return order[a.kind] - order[b.kind] || a.row.localeCompare(b.row, "en", { numeric: true });
  });
  return { compared, findings };
}

function findingOf(slot: number, ref: RowRef, reported: ReportedRow, found: Fields | undefined): Finding | undefined {
  const { actor, fields: wanted, stamps, underWay, refusal } = reported;
  const base = {
    container: containerOf(ref.db, slot),
    row: ref.text,
    db: ref.db,
    table: ref.tableName,
    key: ref.key,
    actor,
    slot,
    refusal: underWay ? refusal || "not acknowledged yet" : "",
  };
  if (found === undefined) return { ...base, kind: "missing", fields: differences(wanted, {}, stamps) };
  const fields = differences(wanted, found, stamps);
  return fields.length === 0 ? undefined : { ...base, kind: "differs", fields };
}

function differences(wanted: Fields, found: Fields, stamps: readonly string[]): readonly FieldDifference[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
    .filter((name) => !stamps.includes(name) && name !== EMPTY_ROW && wanted[name] !== found[name])
    .sort()
    .map((field) => ({ field, stands: wanted[field], found: found[field] }));
}

/**
 * Rows in which no hamgrd has a part: of tables that nobody else writes, and of shared tables those that a ledger names.
 * A row that an actor keeps until it can decide is not one.
 */
function strays(view: DriftView): readonly Finding[] {
  const held = new Set<string>();
  const silent = view.slots.filter(({ standing }) => standing.kind !== "told");
  for (const { slot, standing } of view.slots) {
    if (standing.kind !== "told") continue;
    const { rows, kept } = standing.report;
    for (const { row } of [...rows, ...kept]) held.add(placed(row, slot));
  }
  const first = view.slots.find(({ standing }) => standing.kind === "told")?.slot;
  const found: Finding[] = [];
  const stray = (container: string, ref: RowRef, fields: Fields, actor: string, slot: number | undefined): Finding => ({
    ...{ kind: "stray", container, row: ref.text, db: ref.db, table: ref.tableName, key: ref.key, actor, slot },
    fields: differences({}, fields, []),
    refusal: "",
  });
  for (const table of view.tables) {
    const id = `${table.db}|${table.table}`;
    if (!TABLES_OF_HAMGRD.some((own) => own.id === id)) continue;
    const owner = view.slots.find(({ slot }) => table.container === `dpu${slot}`);
    const ofDpu = DPU_TABLES_OF_ONE.some((own) => own.id === id);
    if (ofDpu ? owner?.standing.kind !== "told" || owner.down !== undefined : silent.length > 0) continue;
    for (const [key, fields] of table.rows) {
      const ref = parseRowRef(`${id}|${key}`);
      if (ref === undefined || held.has(`${table.container}/${ref.text}`)) continue;
      found.push(stray(table.container, ref, fields, "", ofDpu ? owner?.slot : first));
    }
  }
  const configured = new Set(view.slots.map(({ slot }) => `dpu${slot}`));
  for (const [ledgerSlot, rows] of view.ledgers) {
    if (configured.has(ledgerSlot) || silent.length > 0) continue;
    for (const row of rows) {
      const ref = parseRowRef(row);
      if (ref === undefined || ref.db.startsWith("DPU_") || held.has(`/${row}`)) continue;
      if (found.some((finding) => finding.row === row && finding.container === "")) continue;
      const fields = view.tables
        .find(({ container, db, table }) => container === "" && `${db}|${table}` === ref.tableId)
        ?.rows.get(ref.key);
      if (fields !== undefined) found.push(stray("", ref, fields, `ledger of ${ledgerSlot}`, undefined));
    }
  }
  return found;
}

function placed(row: string, slot: number): string {
  return `${containerOf(row, slot)}/${row}`;
}

/** What both of two looks found alike: what was merely under way between question and reading is not drift. */
export function confirmed(first: readonly Finding[], second: readonly Finding[]): readonly Finding[] {
  const names = new Set(first.map(identity));
  return second.filter((finding) => names.has(identity(finding)));
}

function identity({ kind, container, row, fields }: Finding): string {
  return JSON.stringify([kind, container, row, fields]);
}
