import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Millis, seconds, systemClock, VERSION, within } from "@tandem/base";
import {
  DashHaGlobalConfig,
  DashHaScopeConfig,
  DashHaSetConfig,
  DeviceMetadata,
  Dpu,
  LoopbackInterface,
  RemoteDpu,
  TABLES,
  Vdpu,
} from "@tandem/hamgrd";
import { type AnyTable, checkKeyspaceEvents, describeRowError, type Store, Table } from "@tandem/swss";
import { silentBus, viewBus } from "../bus-view.js";
import type { Io } from "../io.js";
import type { TableRow } from "../render/rows.js";
import { type OpenStores, openStores } from "../stores.js";
import { planesOf, SlotSessions, type SwitchAccess, type SwitchSlot, slotsOf } from "../switch-slots.js";
import { splitKey } from "../tables.js";
import type { DiskFact, DoctorFacts, RedisFact, TableFact } from "./facts.js";

/** A whole table may take this long to read. */
const READ_WITHIN: Millis = seconds(2);
/** The bus as a whole. */
const BUS_WITHIN: Millis = seconds(12);

/** Databases that a hamgrd needs of each place. */
const SWITCH_DATABASES = ["CONFIG_DB", "APPL_DB", "STATE_DB", "CHASSIS_STATE_DB"] as const;
const DPU_DATABASES = ["DPU_APPL_DB", "DPU_STATE_DB"] as const;

/** Finds out everything at once; each part has its own bound, so that the whole ends within about twenty seconds. */
export async function gatherFacts(access: SwitchAccess, io: Pick<Io, "env">): Promise<DoctorFacts> {
  const opened = await openStores(access.dbConfig);
  if (!opened.ok) {
    const configProblem = opened.error.kind === "told" ? "the database config cannot be read" : opened.error.message;
    return {
      configProblem,
      redis: [],
      tables: [],
      slots: [],
      rows: NO_ROWS,
      bus: silentBus([], ""),
      disks: [],
      version: VERSION,
    };
  }
  await using stores = opened.value;
  const containers = stores.databases.containers().filter((container) => /^dpu\d+$/.test(container));
  const open = new Map<string, Store>();
  const redis = await Promise.all(["", ...containers].map((container) => redisFact(stores, container, open)));
  const read = await readTables(open, containers);
  const rows = configRows(read);
  const slots = slotsFrom(rows.dpus, read.get("/CHASSIS_STATE_DB|DPU_STATE"), containers);
  await using sessions = new SlotSessions(access, io);
  const asked = within(systemClock, BUS_WITHIN, viewBus(slots, rows.remoteDpus ?? [], sessions));
  const bus = (await asked) ?? silentBus(slots, `no answer within ${BUS_WITHIN / 1000} s`);
  const disks = await Promise.all(
    bus.slots.flatMap(({ slot, hamgrd }) =>
      hamgrd.kind === "told" && hamgrd.status.records !== "" ? [diskFact(slot, dirname(hamgrd.status.records))] : [],
    ),
  );
  const tables = [...read.values()].map(({ fact }) => fact);
  return { configProblem: "", redis, tables, slots, rows, bus, disks, version: VERSION };
}

const NO_ROWS: DoctorFacts["rows"] = {
  metadata: undefined,
  loopbacks: undefined,
  dpus: undefined,
  remoteDpus: undefined,
  vdpus: undefined,
  global: undefined,
  sets: undefined,
  scopes: undefined,
};

async function redisFact(stores: OpenStores, container: string, open: Map<string, Store>): Promise<RedisFact> {
  const wanted: readonly string[] = container === "" ? SWITCH_DATABASES : DPU_DATABASES;
  const problems: string[] = [];
  let keyEvents = "";
  await Promise.all(
    wanted.map(async (db) => {
      const store = await stores.open(db, container);
      if (!store.ok) {
        problems.push(store.error.kind === "told" ? `${db} does not answer` : store.error.message);
        return;
      }
      open.set(`${container}/${db}`, store.value);
      const events = await checkKeyspaceEvents(store.value);
      if (!events.ok && events.error.kind === "keyspaceEventsOff") keyEvents = events.error.found || "none";
    }),
  );
  const found = stores.databases.find({ db: wanted[0] as string, container });
  const where = found.ok
    ? found.value.instance.unixSocketPath || `${found.value.instance.hostname}:${found.value.instance.port}`
    : "an unknown address";
  return { container, databases: wanted, where, problem: problems[0] ?? "", keyEvents };
}

/** Tables that are for HA alone: a field that their schemas do not know is known to nobody. */
const TABLES_OF_HA: readonly AnyTable[] = [Dpu, RemoteDpu, Vdpu, DashHaGlobalConfig];

interface ReadTable {
  readonly rows: readonly TableRow[];
  readonly fact: TableFact;
}

/** Tables that hamgrd reads, and those around it that are small; by `<container>/<DB>|<TABLE>`. */
async function readTables(open: ReadonlyMap<string, Store>, containers: readonly string[]) {
  const wanted = [
    ...(TABLES["Read by hamgrd"] ?? []).map((table) => ({ table, readBy: "hamgrd" }) as const),
    ...(TABLES["Around hamgrd"] ?? [])
      .filter(({ db }) => !db.includes("COUNTERS"))
      .map((table) => ({ table, readBy: "others" }) as const),
  ];
  const read = new Map<string, ReadTable>();
  await Promise.all(
    wanted.flatMap(({ table, readBy }) =>
      (table.db.startsWith("DPU_") ? containers : [""]).map(async (container) => {
        const store = open.get(`${container}/${table.db}`);
        if (store === undefined) return;
        const found = await within(systemClock, READ_WITHIN, readTable(store, table, container, readBy));
        if (found !== undefined) read.set(`${container}/${table.id}`, found);
      }),
    ),
  );
  return read;
}

async function readTable(
  store: Store,
  table: AnyTable,
  container: string,
  readBy: TableFact["readBy"],
): Promise<ReadTable | undefined> {
  const content = await new Table(store, table.name).getContent();
  if (!content.ok) return undefined;
  const bad: string[] = [];
  const unknown: string[] = [];
  const rows: TableRow[] = [];
  for (const { key, fieldValues } of content.value) {
    const fields = Object.fromEntries(fieldValues);
    const parts = table.parseKey(key);
    const row = parts.ok ? table.decode(fields) : parts;
    if (!row.ok) bad.push(describeRowError(row.error, key));
    const names = TABLES_OF_HA.includes(table) ? table.unknownFields(fields) : [];
    if (names.length > 0) unknown.push(`${key}: ${names.join(", ")}`);
    const shown = row.ok && parts.ok ? table.encodePlain(row.value as never) : fields;
    rows.push({ key: splitKey(key, table.separator, Object.keys(table.key).length), fields: { ...fields, ...shown } });
  }
  const name = container === "" ? table.id : `${table.id} of ${container}`;
  return { rows, fact: { name, readBy, rows: rows.length, bad, unknown } };
}

function configRows(read: ReadonlyMap<string, ReadTable>): DoctorFacts["rows"] {
  const rowsOf = ({ id }: AnyTable): readonly TableRow[] | undefined => read.get(`/${id}`)?.rows;
  return {
    metadata: rowsOf(DeviceMetadata),
    loopbacks: rowsOf(LoopbackInterface),
    dpus: rowsOf(Dpu),
    remoteDpus: rowsOf(RemoteDpu),
    vdpus: rowsOf(Vdpu),
    global: rowsOf(DashHaGlobalConfig),
    sets: rowsOf(DashHaSetConfig),
    scopes: rowsOf(DashHaScopeConfig),
  };
}

/** Slots of the DPU rows; where those cannot be read, of the containers. */
function slotsFrom(
  dpus: readonly TableRow[] | undefined,
  states: ReadTable | undefined,
  containers: readonly string[],
): readonly SwitchSlot[] {
  if (dpus !== undefined) return slotsOf(dpus, states?.rows ?? []);
  return containers.map((container) => {
    const row: TableRow = { key: [container], fields: {} };
    return { slot: Number(container.slice("dpu".length)), dpu: container, row, planes: planesOf({}) };
  });
}

async function diskFact(slot: number, folder: string): Promise<DiskFact> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return { slot, folder, free: bavail * bsize, problem: "" };
  } catch (error) {
    return {
      slot,
      folder,
      free: undefined,
      problem: `cannot be seen from here (${(error as NodeJS.ErrnoException).code})`,
    };
  }
}
