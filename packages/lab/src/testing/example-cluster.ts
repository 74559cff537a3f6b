import { CleanUp, type Random, seconds, unwrap } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import { type HamgrdSettings, startHamgrd } from "@tandem/hamgrd";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import { type DatabaseName, decodeMessage, decodeText, type Fields, recordOf, untilConnected } from "@tandem/swss";
import { Observer, WATCHED } from "../cluster/observer.js";
import { startNpu } from "../npu/simulated-npu.js";
import { type DpuPlace, type SwitchPlace, switchOf } from "../topology.js";
import type { ExampleGround, SwitchPorts } from "./example-ground.js";
import { EXAMPLE, exampleRows } from "./example-rows.js";

/** Ids of the operations that each switch's hamgrd opens, in order: configs of the example approve them. */
const OPERATIONS: readonly (readonly string[])[] = [
  ["8dda84ea-fdb4-4edd-b88c-55fc96d02a6f"],
  ["3b9f1c52-7d0e-4a86-9c41-5e2d8f6a7b30", "c64e0a17-52b8-4f93-8d2e-90b1a3f7d6c5"],
];

const LIMIT = seconds(20);
/** Long enough for everything that follows from one row, re-sends included. */
const SETTLE = seconds(3);
/** A stamp that is no older than this is one of now. */
const RECENT = 3_600_000;

/** Tables that hamgrd writes. */
const OUTPUTS = new Set([
  "NEIGH_RESOLVE_TABLE",
  "VNET_ROUTE_TUNNEL_TABLE",
  "DASH_HA_SCOPE_STATE",
  "DPU_RESET_INFO",
  "BFD_SESSION_TABLE",
  "DASH_HA_SET_TABLE",
  "DASH_HA_SCOPE_TABLE",
]);

type Rows = ReadonlyMap<string, Fields>;

/** The daemons of two switches, whose other parts are played by hand: rows in, changes of rows out. */
export class ExampleCluster implements AsyncDisposable {
  readonly #ground: ExampleGround;
  readonly #settings: Partial<HamgrdSettings>;
  readonly #observer: Observer;
  readonly #cleanUp = new CleanUp();
  /** What each DPU was sent and not told to delete, by table and key. */
  readonly #sent = new Map<string, Map<string, Fields>>();
  #seen: Rows = new Map();

  private constructor(ground: ExampleGround, settings: Partial<HamgrdSettings>) {
    this.#ground = ground;
    this.#settings = settings;
    this.#cleanUp.use(ground);
    const { clock, ports } = ground;
    const stores = (sw: SwitchPlace) => (ports[sw.index] as SwitchPorts).stores;
    for (const place of EXAMPLE.switches) {
      this.#cleanUp.use(unwrap(startNpu({ place, clock, stores: stores(place) })));
    }
    this.#observer = this.#cleanUp.use(Observer.start({ topology: EXAMPLE, clock, stores }));
  }

  static async start(ground: ExampleGround, settings: Partial<HamgrdSettings> = {}): Promise<ExampleCluster> {
    const cluster = new ExampleCluster(ground, settings);
    for (const dpu of EXAMPLE.dpus) await cluster.#listen(dpu);
    return cluster;
  }

  /** One command of the example → the rows that changed since the last one. */
  run = async (step: ScenarioStep): Promise<string> => {
    const [name, where = "", ...words] = step.words;
    const sw = EXAMPLE.switches.find((place) => place.name === where) as SwitchPlace;
    const work = (): Promise<unknown> => {
      switch (name) {
        case "rows":
          return this.#writeAll(sw);
        case "start":
          return this.#startDaemons(sw);
        case "set":
          return this.#write(sw, words[0] as DatabaseName, words[1] as string, quotedOptions(step.command));
        case "pb":
          return this.#write(sw, "APPL_DB", words[0] as string, {
            pb: decodeText(Buffer.from(words[1] as string, "hex")),
          });
        case "delete":
          return this.#command(sw, words[0] as DatabaseName, ["DEL", words[1] as string]);
        default:
          throw new Error(`line ${step.line}: ${name}: no such command`);
      }
    };
    await this.#ground.run(step.command, work(), LIMIT);
    return this.#changes(step);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
  }

  async #changes(step: ScenarioStep): Promise<string> {
    const before = this.#seen;
    const text = (): string => difference(before, this.#rows());
    const settled = (): boolean => text() === step.expected.trimEnd() && this.#unsent() === "";
    if (this.#ground.pass !== undefined) await this.#ground.pass(SETTLE);
    else await this.#ground.run(step.command, this.#observer.until(settled), LIMIT).catch(() => {});
    const answer = text();
    this.#seen = this.#rows();
    return [answer, this.#unsent()].filter((part) => part !== "").join("\n");
  }

  /** Rows of DPU_APPL_DB that differ from what the DPU was sent. */
  #unsent(): string {
    return EXAMPLE.dpus
      .map((dpu) => {
        const sent = this.#sent.get(dpu.name) ?? new Map();
        const kept = WATCHED.dpu
          .filter(([db]) => db === "DPU_APPL_DB")
          .flatMap(([db, table]) => [...this.#observer.rows(dpu, db, table)].map(([k, f]) => [`${table}:${k}`, f]));
        const diff = difference(new Map(kept as [string, Fields][]), sent);
        return diff === "" ? "" : `${dpu.name} was sent something else than DPU_APPL_DB holds\n${diff}`;
      })
      .filter((part) => part !== "")
      .join("\n");
  }

  /** Every output row as it stands, by switch or DPU, database, and key. */
  #rows(): Rows {
    const rows = new Map<string, Fields>();
    const owners = [...EXAMPLE.switches, ...EXAMPLE.dpus];
    for (const owner of owners) {
      for (const [db, table] of "slot" in owner ? WATCHED.dpu : WATCHED.switch) {
        if (!OUTPUTS.has(table)) continue;
        for (const [key, fields] of this.#observer.rows(owner, db, table)) {
          rows.set(`${owner.name} ${db} ${table} ${key}`, this.#mask(fields));
        }
      }
    }
    return rows;
  }

  #mask(fields: Fields): Fields {
    const now = this.#ground.clock.now();
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        /^\d{13}$/.test(value) && Math.abs(now - Number(value)) < RECENT ? "<now>" : value,
      ]),
    );
  }

  async #writeAll(sw: SwitchPlace): Promise<void> {
    for (const { db, key, fields } of exampleRows(sw.index)) await this.#write(sw, db, key, fields);
  }

  /** The row, whole: fields that it had before are gone. */
  async #write(sw: SwitchPlace, db: DatabaseName, key: string, fields: Fields): Promise<void> {
    await this.#command(sw, db, ["HSET", key, ...Object.entries(fields).flat()]);
  }

  async #command(sw: SwitchPlace, db: DatabaseName, command: readonly [string, ...string[]]): Promise<void> {
    const container = db.startsWith("DPU_") ? "dpu0" : "";
    const store = unwrap((this.#ground.ports[sw.index] as SwitchPorts).stores.open({ db, container }), db);
    await untilConnected(store);
    unwrap(await store.command(command), command.join(" "));
  }

  async #startDaemons(sw: SwitchPlace): Promise<void> {
    const { clock } = this.#ground;
    const ports = this.#ground.ports[sw.index] as SwitchPorts;
    const random = { ...this.#ground.random, uuid: operationIds(this.#ground.random, sw) };
    const configDb = unwrap(ports.stores.open({ db: "CONFIG_DB" }), "CONFIG_DB");
    const swbusd = await startSwbusd({ config: dbConfig(configDb, 0, clock), clock, random, bus: ports.bus });
    this.#cleanUp.use(swbusd);
    await swbusd.listening;
    const hamgrd = startHamgrd({ slots: [0], settings: this.#settings, clock, random, ...ports });
    this.#cleanUp.use(hamgrd);
    await hamgrd.ready;
  }

  /** The orchagent of a DPU: it takes what it is sent. */
  async #listen(dpu: DpuPlace): Promise<void> {
    const { sockets } = this.#ground.ports[switchOf(EXAMPLE, dpu).index] as SwitchPorts;
    const rows = new Map<string, Fields>();
    this.#sent.set(dpu.name, rows);
    const pull = await sockets.pull(`tcp://${dpu.midplane}:${dpu.zmqPort}`, (bytes) => {
      const { table, entries } = unwrap(decodeMessage(bytes));
      for (const { key, op, fieldValues } of entries) {
        if (op === "SET") rows.set(`${table}:${key}`, recordOf(fieldValues));
        else rows.delete(`${table}:${key}`);
      }
      this.#observer.notify();
    });
    this.#cleanUp.use(unwrap(pull));
  }
}

/** The example's ids, then any. */
function operationIds(random: Random, sw: SwitchPlace): () => string {
  const ids = [...(OPERATIONS[sw.index] ?? [])];
  return () => ids.shift() ?? random.uuid();
}

/** `name=value` and `name="a value"` of a command line. */
function quotedOptions(command: string): Fields {
  return Object.fromEntries(
    [...command.matchAll(/(?<= )(\w+)=(?:"([^"]*)"|(\S*))/g)].map(([, name, quoted, plain]) => [
      name as string,
      quoted ?? plain ?? "",
    ]),
  );
}

/** Rows that came (`+`), went (`-`) or changed (`~`), field by field. */
function difference(before: Rows, after: Rows): string {
  const lines: string[] = [];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(key), after.get(key)];
    if (now === undefined) lines.push(`- ${key}`);
    else if (old === undefined) lines.push(`+ ${key}`, ...fieldLines({}, now));
    else if (fieldLines(old, now).length > 0) lines.push(`~ ${key}`, ...fieldLines(old, now));
  }
  return lines.join("\n");
}

function fieldLines(before: Fields, after: Fields): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .sort()
    .map((name) => (after[name] === undefined ? `    ${name} gone` : `    ${name} "${after[name]}"`));
}
