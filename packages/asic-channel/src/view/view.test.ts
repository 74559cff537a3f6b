import type { FieldValues } from "@tandem/swss";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ObjectId } from "../object-id.js";
import { isEntryType, mapEntryIds, mapValueIds, type ObjectKey } from "../object-key.js";
import { objectTypeNumber } from "../sai/object-types.js";
import { AsicCore } from "../virtual-asic/core.js";
import { viewOf } from "./graph.js";
import { planView, type ViewPlan } from "./plan.js";

type Row = readonly [key: string, attributes: FieldValues];

const SWITCH = "oid:0x21000000000000";
const ROUTER = "SAI_OBJECT_TYPE_VIRTUAL_ROUTER";
const GROUP = "SAI_OBJECT_TYPE_NEXT_HOP_GROUP";
const MEMBER = "SAI_OBJECT_TYPE_NEXT_HOP_GROUP_MEMBER";
const HOP = "SAI_OBJECT_TYPE_NEXT_HOP";
const ROUTE = "SAI_OBJECT_TYPE_ROUTE_ENTRY";
const RIF = "SAI_OBJECT_TYPE_ROUTER_INTERFACE";

/** A network in the words of a person; ids come when it is written down. */
interface Network {
  readonly routers: number;
  /** Of each next hop its last byte, and whether it is of the first router. */
  readonly hops: readonly number[];
  /** Of each group the hops that are in it, with weights. */
  readonly groups: readonly (readonly { readonly hop: number; readonly weight: number }[])[];
  readonly routes: readonly { readonly dest: number; readonly group: number; readonly drop: boolean }[];
}

/** Rows of a network, with ids counted from `first`. */
function write(network: Network, first: number): readonly Row[] {
  let next = first;
  const id = (type: string): string => {
    next += 1;
    return `oid:0x${((BigInt(objectTypeNumber(type) ?? 0) << 48n) | BigInt(next)).toString(16)}`;
  };
  const rows: Row[] = [];
  const routers = Array.from({ length: network.routers }, (_, at) => {
    const router = id(ROUTER);
    rows.push([`${ROUTER}:${router}`, [["SAI_VIRTUAL_ROUTER_ATTR_LABEL", String(at)]]]);
    return router;
  });
  const rif = id(RIF);
  rows.push([
    `${RIF}:${rif}`,
    [
      ["SAI_ROUTER_INTERFACE_ATTR_VIRTUAL_ROUTER_ID", routers[0] ?? ""],
      ["SAI_ROUTER_INTERFACE_ATTR_TYPE", "SAI_ROUTER_INTERFACE_TYPE_LOOPBACK"],
    ],
  ]);
  const hops = network.hops.map((byte) => {
    const hop = id(HOP);
    rows.push([
      `${HOP}:${hop}`,
      [
        ["SAI_NEXT_HOP_ATTR_TYPE", "SAI_NEXT_HOP_TYPE_IP"],
        ["SAI_NEXT_HOP_ATTR_IP", `10.0.0.${byte}`],
        ["SAI_NEXT_HOP_ATTR_ROUTER_INTERFACE_ID", rif],
      ],
    ]);
    return hop;
  });
  const groups = network.groups.map((members) => {
    const group = id(GROUP);
    rows.push([
      `${GROUP}:${group}`,
      [["SAI_NEXT_HOP_GROUP_ATTR_TYPE", "SAI_NEXT_HOP_GROUP_TYPE_DYNAMIC_UNORDERED_ECMP"]],
    ]);
    for (const { hop, weight } of members) {
      rows.push([
        `${MEMBER}:${id(MEMBER)}`,
        [
          ["SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_GROUP_ID", group],
          ["SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_ID", hops[hop % hops.length] ?? ""],
          ["SAI_NEXT_HOP_GROUP_MEMBER_ATTR_WEIGHT", String(weight)],
        ],
      ]);
    }
    return group;
  });
  for (const { dest, group, drop } of network.routes) {
    rows.push([
      `${ROUTE}:{"dest":"10.${dest}.0.0/16","switch_id":"${SWITCH}","vr":"${routers[0]}"}`,
      [
        ["SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", drop ? "SAI_PACKET_ACTION_DROP" : "SAI_PACKET_ACTION_FORWARD"],
        ...(groups.length > 0
          ? ([["SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", groups[group % groups.length] ?? ""]] as const)
          : []),
      ],
    ]);
  }
  return rows;
}

const networks: fc.Arbitrary<Network> = fc.record({
  routers: fc.integer({ min: 1, max: 3 }),
  hops: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  groups: fc.array(
    fc.uniqueArray(fc.record({ hop: fc.nat(4), weight: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ hop }) => hop,
    }),
    { maxLength: 4 },
  ),
  routes: fc.uniqueArray(fc.record({ dest: fc.nat(9), group: fc.nat(3), drop: fc.boolean() }), {
    maxLength: 6,
    selector: ({ dest }) => dest,
  }),
});

/** A chip that is led by VIDs, to see what a plan comes to. */
class Chip {
  readonly core = new AsicCore({ ports: 0, lanesPerPort: 1, queuesPerPort: 0, priorityGroupsPerPort: 0 });
  rids = new Map<string, string>();

  constructor() {
    this.#make({ type: "SAI_OBJECT_TYPE_SWITCH", id: SWITCH }, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
  }

  perform(plan: ViewPlan): void {
    for (const [vid, was] of plan.bound) this.rids.set(vid, this.rids.get(was) ?? "");
    for (const step of plan.steps) {
      if (step.change === "create") this.#make(step.key, step.attributes);
      else if (step.change === "remove")
        this.#expectDone({ call: "remove", type: step.key.type, id: this.#id(step.key) });
      else {
        const [name, value] = step.attributes[0] ?? ["", ""];
        this.#expectDone({ call: "set", type: step.key.type, id: this.#id(step.key), name, value: this.#value(value) });
      }
    }
  }

  /** Objects that were given something, in the ids of the view. */
  rows(plan: ViewPlan): readonly (readonly [string, Readonly<Record<string, string>>])[] {
    const vids = new Map(plan.rows.map(([{ id }]) => [this.rids.get(id) ?? "", id]));
    const back = (rid: ObjectId): ObjectId =>
      (vids.get(rid) ?? (rid === this.rids.get(SWITCH) ? SWITCH : rid)) as ObjectId;
    return (this.core.call({ call: "dump" }).objects ?? [])
      .filter(({ type, internal }) => !internal && type !== "SAI_OBJECT_TYPE_SWITCH")
      .map(({ type, id, attributes }) => {
        const key = isEntryType(type)
          ? mapEntryIds(type, id, back)
          : { ok: true as const, value: back(id as ObjectId) };
        const values = attributes.map(([name, value]) => [name, mapValueIds(value, back) ?? ""]);
        return [`${type}:${key.ok ? key.value : ""}`, Object.fromEntries(values)] as const;
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #make(key: ObjectKey, attributes: FieldValues): void {
    const values = attributes.map(([name, value]) => [name, this.#value(value)] as const);
    const entry = isEntryType(key.type) ? { id: this.#id(key) } : {};
    const made = this.core.call({ call: "create", type: key.type, attributes: values, label: "", ...entry });
    expect([key, made.status]).toEqual([key, "SAI_STATUS_SUCCESS"]);
    if (!isEntryType(key.type)) this.rids.set(key.id, made.id ?? "");
  }

  #expectDone(call: Parameters<AsicCore["call"]>[0]): void {
    expect([call, this.core.call(call).status]).toEqual([call, "SAI_STATUS_SUCCESS"]);
  }

  #id({ type, id }: ObjectKey): string {
    if (!isEntryType(type)) return this.rids.get(id) ?? "";
    const mapped = mapEntryIds(type, id, (vid) => this.rids.get(vid) as ObjectId);
    return mapped.ok ? mapped.value : "";
  }

  #value(value: string): string {
    return mapValueIds(value, (vid) => this.rids.get(vid) as ObjectId) ?? "";
  }
}

const plan = (old: readonly Row[], wanted: readonly Row[]): ViewPlan =>
  planView(
    viewOf(old),
    viewOf(wanted),
    new Set([SWITCH, ...old.map(([key]) => key.slice(key.indexOf(":") + 1))]),
    new Set(),
  );

const asRows = (rows: readonly Row[]) =>
  rows.map(([key, fields]) => [key, Object.fromEntries(fields)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));

const BASE: Network = {
  routers: 2,
  hops: [1, 2, 3],
  groups: [
    [
      { hop: 0, weight: 1 },
      { hop: 1, weight: 1 },
    ],
    [{ hop: 2, weight: 1 }],
  ],
  routes: [
    { dest: 1, group: 0, drop: false },
    { dest: 2, group: 1, drop: false },
  ],
};

describe("from one view to another", () => {
  test("the same network under other ids takes no step", () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { steps, rows } = plan(write(network, 100), write(network, 1000));
        expect(steps).toEqual([]);
        expect(rows.length).toBe(write(network, 0).length);
      }),
    );
  });

  test("every step is one that the ASIC takes, and then it holds what the new view says", () => {
    fc.assert(
      fc.property(fc.array(networks, { minLength: 1, maxLength: 4 }), (history) => {
        const chip = new Chip();
        let old: readonly Row[] = [];
        for (const [at, network] of history.entries()) {
          const wanted = write(network, 1000 * (at + 1));
          const next = plan(old, wanted);
          chip.perform(next);
          expect(asRows(wanted)).toEqual(chip.rows(next).map(([key, values]) => [key, only(wanted, key, values)]));
          chip.rids = new Map(
            [...chip.rids].filter(([vid]) => vid === SWITCH || wanted.some(([key]) => key.endsWith(vid))),
          );
          old = wanted;
        }
      }),
      { numRuns: 60 },
    );
  });

  const cases: readonly {
    readonly what: string;
    readonly change: (network: Network) => Network;
    readonly steps: readonly string[];
  }[] = [
    {
      what: "one weight that differs is one set",
      change: (n) => ({
        ...n,
        groups: [
          [
            { hop: 0, weight: 2 },
            { hop: 1, weight: 1 },
          ],
          ...n.groups.slice(1),
        ],
      }),
      steps: [`set ${MEMBER}`],
    },
    {
      what: "a route that is dropped is one set",
      change: (n) => ({ ...n, routes: n.routes.map((route) => ({ ...route, drop: route.dest === 1 })) }),
      steps: [`set ${ROUTE}`],
    },
    {
      what: "a route less is one removal",
      change: (n) => ({ ...n, routes: n.routes.slice(1) }),
      steps: [`remove ${ROUTE}`],
    },
    {
      what: "a hop more comes before what uses it",
      change: (n) => ({ ...n, hops: [...n.hops, 7], groups: [...n.groups, [{ hop: 3, weight: 1 }]] }),
      steps: [`create ${HOP}`, `create ${GROUP}`, `create ${MEMBER}`],
    },
    {
      what: "what is not used any more goes last, after those that used it",
      change: (n) => ({
        ...n,
        groups: n.groups.slice(0, 1),
        routes: n.routes.map((route) => ({ ...route, group: 0 })),
      }),
      steps: [`set ${ROUTE}`, `remove ${MEMBER}`, `remove ${GROUP}`],
    },
  ];
  for (const { what, change, steps } of cases) {
    test(what, () => {
      const next = plan(write(BASE, 100), write(change(BASE), 1000));
      const words = next.steps.map((step) => `${step.change} ${step.key.type}`);
      expect(words.toSorted()).toEqual([...steps].toSorted());
      expect(words.map((word) => word.split(" ")[0])).toEqual(steps.map((word) => word.split(" ")[0]));
    });
  }

  test("an attribute that the new view does not set goes back to what it was", () => {
    const mtu: Row = [`${RIF}:oid:0x6000000000001`, [["SAI_ROUTER_INTERFACE_ATTR_MTU", "9100"]]];
    const { steps, rows } = plan([mtu], [[mtu[0], []]]);
    expect(steps).toEqual([
      {
        change: "set",
        key: { type: RIF, id: "oid:0x6000000000001" },
        attributes: [["SAI_ROUTER_INTERFACE_ATTR_MTU", "1514"]],
      },
    ]);
    expect(rows).toEqual([[{ type: RIF, id: "oid:0x6000000000001" }, []]]);
  });

  test("an object like one that the switch came with is another one", () => {
    const came = "oid:0x3000000000001";
    const { steps } = planView(
      viewOf([[`${ROUTER}:${came}`, []]]),
      viewOf([[`${ROUTER}:oid:0x3000000000002`, []]]),
      new Set([came]),
      new Set([came]),
    );
    expect(steps.map(({ change, key }) => [change, key.id])).toEqual([["create", "oid:0x3000000000002"]]);
  });

  test("what the switch came with stays, though the new view does not name it", () => {
    const port = `SAI_OBJECT_TYPE_PORT:oid:0x1000000000001`;
    const kept = new Set(["oid:0x1000000000001"]);
    const { steps, rows } = planView(viewOf([[port, []]]), viewOf([]), kept, kept);
    expect([steps, rows]).toEqual([[], [[{ type: "SAI_OBJECT_TYPE_PORT", id: "oid:0x1000000000001" }, []]]]);
    expect(planView(viewOf([[port, []]]), viewOf([]), kept, new Set()).steps).toHaveLength(1);
  });
});

/** The ASIC keeps what an attribute was set back to; a row of the new view that does not name it is as good. */
function only(
  wanted: readonly Row[],
  key: string,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fields = new Map(wanted.find(([row]) => row === key)?.[1] ?? []);
  return Object.fromEntries(Object.entries(values).filter(([name]) => fields.has(name)));
}
