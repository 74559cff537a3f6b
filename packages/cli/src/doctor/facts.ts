import type { BusView } from "../bus-view.js";
import type { TableRow } from "../render/rows.js";
import type { SwitchSlot } from "../switch-slots.js";

/** What `doctor` has found out; every part may be missing, and says why. */
export interface DoctorFacts {
  /** Why no database can be looked for at all; empty when they can. */
  readonly configProblem: string;
  readonly redis: readonly RedisFact[];
  readonly tables: readonly TableFact[];
  readonly slots: readonly SwitchSlot[];
  readonly rows: ConfigRows;
  readonly bus: BusView;
  readonly disks: readonly DiskFact[];
  /** Version of this tool. */
  readonly version: string;
}

/** The databases of one container; empty for the switch's own. */
export interface RedisFact {
  readonly container: string;
  readonly databases: readonly string[];
  readonly where: string;
  /** Why it does not answer; empty when it does. */
  readonly problem: string;
  /** `notify-keyspace-events` where it does not do; empty where it does. */
  readonly keyEvents: string;
}

/** A table as its schema reads it. */
export interface TableFact {
  /** `<DB>|<TABLE>`, with ` of dpu<n>` for a DPU's. */
  readonly name: string;
  readonly readBy: "hamgrd" | "others";
  readonly rows: number;
  /** A line for each row that is refused. */
  readonly bad: readonly string[];
  /** `<key>: <fields>` for rows with fields that nobody knows. */
  readonly unknown: readonly string[];
}

/** Configuration that hamgrd needs, as found; `undefined` while CONFIG_DB or APPL_DB cannot be read. */
export interface ConfigRows {
  readonly metadata: readonly TableRow[] | undefined;
  readonly loopbacks: readonly TableRow[] | undefined;
  readonly dpus: readonly TableRow[] | undefined;
  readonly remoteDpus: readonly TableRow[] | undefined;
  readonly vdpus: readonly TableRow[] | undefined;
  readonly global: readonly TableRow[] | undefined;
  readonly sets: readonly TableRow[] | undefined;
  readonly scopes: readonly TableRow[] | undefined;
}

/** The folder of a hamgrd's records. */
export interface DiskFact {
  readonly slot: number;
  readonly folder: string;
  /** Bytes that may still be written; `undefined` where the folder cannot be seen from here. */
  readonly free: number | undefined;
  readonly problem: string;
}
