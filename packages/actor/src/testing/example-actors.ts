import { seconds } from "@tandem/base";
import { defineTable, t } from "@tandem/swss";
import { type AnyActor, defineActor, type StatePort, standingRow, stands, type TellPort } from "../define-actor.js";

/** Ports and links as an example: a port stands for a route and a state row, a link joins two ports. */
const name = { name: t.text({ doc: "name" }) };

export const PortConfig = defineTable({
  name: "PORT_CONFIG",
  db: "CONFIG_DB",
  spec: "example",
  key: name,
  fields: {
    peer: t.text({ doc: "peer" }),
    speed: t.u32({ doc: "speed", absent: 1 }),
    note: t.text({ doc: "note", optional: true }),
  },
});

export const LinkConfig = defineTable({
  name: "LINK_CONFIG",
  db: "CONFIG_DB",
  spec: "example",
  key: name,
  fields: { ports: t.ids("PortName", { doc: "ports" }) },
});

/** Written by the DPU. */
export const PortCounters = defineTable({
  name: "PORT_COUNTERS",
  db: "DPU_STATE_DB",
  spec: "example",
  key: name,
  fields: { up: t.bool({ doc: "up" }) },
});

export const PortBoot = defineTable({
  name: "PORT_BOOT",
  db: "CHASSIS_STATE_DB",
  spec: "example",
  key: name,
  fields: { boot: t.u32({ doc: "grows when the DPU boots" }) },
});

export const RouteTable = defineTable({
  name: "ROUTE_TABLE",
  db: "APPL_DB",
  spec: "example",
  key: name,
  fields: { peer: t.text({ doc: "peer" }), note: t.text({ doc: "note", optional: true }) },
});

export const PortTable = defineTable({
  name: "PORT_TABLE",
  db: "DPU_APPL_DB",
  spec: "example",
  key: name,
  fields: { speed: t.u32({ doc: "speed" }) },
});

export const PortState = defineTable({
  name: "PORT_STATE",
  db: "STATE_DB",
  spec: "example",
  key: name,
  fields: { peer: t.text({ doc: "peer" }), at: t.integer({ doc: "time of writing", optional: true }) },
});

export const LinkState = defineTable({
  name: "LINK_STATE",
  db: "STATE_DB",
  spec: "example",
  key: name,
  fields: { up: t.bool({ doc: "all ports are up" }), changes: t.u32({ doc: "rises and falls seen" }) },
});

export interface PortUpdate {
  readonly peer: string;
  readonly up: boolean;
}

export const portState: StatePort<PortUpdate> = {
  provider: "port",
  register: "PortRegister",
  update: "PortUpdate",
  decode: (data) =>
    typeof data === "object" && data !== null && "peer" in data ? (data as unknown as PortUpdate) : undefined,
  encode: ({ peer, up }) => ({ peer, up }),
};

export const linkNews: TellPort<string> = {
  key: "LinkNews",
  decode: (data) =>
    typeof data === "object" && data !== null && "news" in data ? String(data["news" as never]) : undefined,
  encode: (news) => ({ news }),
};

/** Stands for a row on the DPU, then a route, then its state. */
export const portActor = defineActor<undefined, PortUpdate>({
  type: "port",
  rows: [PortConfig],
  reads: ({ id }) => [
    { table: PortCounters, key: id },
    { table: PortBoot, key: "dpu" },
  ],
  hears: [linkNews],
  publishes: portState,
  farewell: (last) => ({ ...last, up: false }),
  derive: (inputs) => {
    const row = inputs.row(PortConfig);
    if (row === undefined) throw new Error("derived without its row");
    if (row.peer === "boom") throw new Error("boom");
    const key = { name: inputs.id };
    const boot = inputs.read(PortBoot, "dpu")?.boot;
    return stands({
      rows: [
        standingRow(PortTable, key, { speed: row.speed }),
        standingRow(RouteTable, key, { peer: row.peer, ...(row.note !== undefined && { note: row.note }) }),
        standingRow(PortState, key, { peer: row.peer }, { stamps: ["at"], refresh: seconds(60) }),
      ],
      publish: { peer: row.peer, up: inputs.read(PortCounters, inputs.id)?.up ?? false },
      reason: `told by ${inputs.told(linkNews).size} links`,
      ...(boot !== undefined && { sinkEpoch: { container: "dpu0", epoch: boot } }),
    });
  },
});

interface LinkMemory {
  readonly up: boolean;
  readonly changes: number;
}

/** Wants its ports, counts rises and falls, and tells the first port. */
export const linkActor = defineActor<LinkMemory>({
  type: "link",
  rows: [LinkConfig],
  wants: (inputs) => (inputs.row(LinkConfig)?.ports ?? []).map((id) => ({ port: portState, id })),
  remember: {
    initial: { up: false, changes: 0 },
    fold: (memory, _change, inputs) => {
      const ports = inputs.row(LinkConfig)?.ports ?? [];
      // Not known is not down: after a restart the ports say again what they are.
      if (ports.some((id) => inputs.state(portState, id) === undefined)) return memory;
      const up = ports.length > 0 && ports.every((id) => inputs.state(portState, id)?.up === true);
      return up === memory.up ? memory : { up, changes: memory.changes + 1 };
    },
    encode: ({ up, changes }) => ({ up, changes }),
    decode: (data) => data as unknown as LinkMemory,
  },
  derive: (inputs) => {
    const ports = inputs.row(LinkConfig)?.ports ?? [];
    const missing = ports.filter((id) => inputs.state(portState, id) === undefined);
    const first = ports[0];
    return stands({
      rows: missing.length > 0 ? [] : [standingRow(LinkState, { name: inputs.id }, inputs.memory)],
      waits: missing.map((id) => ({ for: `port ${id}`, deadline: seconds(1), then: "register again" })),
      tells:
        first === undefined
          ? []
          : [{ port: linkNews, to: { type: "port", id: first }, state: "joined", farewell: "left" }],
      reason: missing.length > 0 ? "not all ports are known" : "all ports are known",
    });
  },
});

export const exampleActors: readonly AnyActor[] = [portActor, linkActor];
export const exampleSinks = [
  { table: PortTable, kind: "table" },
  { table: RouteTable, kind: "producerState" },
] as const;
