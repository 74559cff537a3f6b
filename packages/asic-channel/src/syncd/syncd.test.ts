import { systemClock, systemRandom } from "@tandem/base";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { describe, expect, test } from "vitest";
import { SWITCH_KEY, SWITCH_VID, SyncdWorld } from "../testing/syncd-world.js";

async function world(): Promise<SyncdWorld> {
  const redis = new MemoryRedis({ clock: systemClock, random: systemRandom });
  const made = new SyncdWorld(new MemoryStores({ clock: systemClock, random: systemRandom, servers: [{ redis }] }));
  await made.start();
  return made;
}

const VLAN = "SAI_OBJECT_TYPE_VLAN";
const VR = 3;

/** An applied view with a switch and a router. */
async function running(): Promise<{ w: SyncdWorld; vr: string }> {
  const w = await world();
  expect((await w.ask("notify", "INIT_VIEW")).status).toBe("SAI_STATUS_SUCCESS");
  expect((await w.createSwitch()).status).toBe("SAI_STATUS_SUCCESS");
  const vr = await w.fresh(VR);
  await w.ask("create", `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`, [["NULL", "NULL"]]);
  expect((await w.ask("notify", "APPLY_VIEW")).status).toBe("SAI_STATUS_SUCCESS");
  return { w, vr };
}

const route = (vr: string, dest: string) => `{"dest":"${dest}","switch_id":"${SWITCH_VID}","vr":"${vr}"}`;

describe("the very first run", () => {
  test("programs directly, and leaves the rows of a switch that is discovered", async () => {
    const { w, vr } = await running();
    expect(Object.keys(await w.row("HIDDEN"))).toHaveLength(6);
    expect(Object.keys(await w.row("LANES"))).toHaveLength(8);
    const map = await w.row("VIDTORID");
    expect(await w.row("RIDTOVID")).toEqual(Object.fromEntries(Object.entries(map).map(([vid, rid]) => [rid, vid])));
    const cold = await w.row("COLDVIDS");
    expect(Object.values(cold).filter((type) => type === "SAI_OBJECT_TYPE_PORT")).toHaveLength(3);
    const rows = await w.rows();
    expect(rows[SWITCH_KEY]).toEqual({ SAI_SWITCH_ATTR_INIT_SWITCH: "true" });
    expect(rows[`SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`]).toEqual({});
    expect(Object.keys(rows)).toHaveLength(Object.keys(map).length);
    expect(await w.rows("TEMP_ASIC_STATE")).toEqual({});
    expect((await w.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
  });
});

describe("requests that change", () => {
  test("a set shows in ASIC and row, a remove takes both, a bulk judges each object alone", async () => {
    const { w, vr } = await running();
    const key = "SAI_OBJECT_TYPE_ROUTE_ENTRY";
    const one = route(vr, "10.1.0.0/16");
    const two = route(vr, "10.2.0.0/16");
    const action = "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION";
    const made = await w.ask("bulkcreate", `${key}:3`, [
      [one, `${action}=SAI_PACKET_ACTION_DROP`],
      [two, `${action}=drop`],
      [one, "NULL=NULL"],
    ]);
    expect(made).toEqual({
      op: "getresponse",
      status: "SAI_STATUS_FAILURE",
      fields: [
        ["SAI_STATUS_SUCCESS", ""],
        ["SAI_STATUS_INVALID_ATTR_VALUE_0", ""],
        ["SAI_STATUS_ITEM_ALREADY_EXISTS", ""],
      ],
    });
    expect((await w.ask("set", `${key}:${one}`, [[action, "SAI_PACKET_ACTION_FORWARD"]])).status).toBe(
      "SAI_STATUS_SUCCESS",
    );
    const rows = await w.rows();
    expect(rows[`${key}:${one}`]).toEqual({ [action]: "SAI_PACKET_ACTION_FORWARD" });
    expect(rows[`${key}:${two}`]).toBeUndefined();
    expect((await w.ask("remove", `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`)).status).toBe("SAI_STATUS_OBJECT_IN_USE");
    expect((await w.ask("remove", `${key}:${one}`)).status).toBe("SAI_STATUS_SUCCESS");
    expect((await w.ask("remove", `${key}:${one}`)).status).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    expect((await w.ask("remove", `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`)).status).toBe("SAI_STATUS_SUCCESS");
    expect((await w.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
    expect(w.counts(`${key}:${one}`, `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`)).toEqual([1, 1]);
  });

  test("a request that comes again is answered as before, without effect", async () => {
    const { w } = await running();
    const key = `${VLAN}:${await w.fresh(38)}`;
    const fields = [["SAI_VLAN_ATTR_VLAN_ID", "100"]] as const;
    const first = await w.ask("create", key, fields, { id: "same" });
    const again = await w.ask("create", key, fields, { id: "same", repeated: true });
    expect([first.status, again]).toEqual(["SAI_STATUS_SUCCESS", first]);
    expect(w.counts(key)).toEqual([1]);
    expect((await w.ask("create", key, fields)).status).toBe("SAI_STATUS_ITEM_ALREADY_EXISTS");
  });

  test.each([
    ["create", `${VLAN}:oid:0x126000000000001`, "SAI_STATUS_INVALID_OBJECT_ID", "an object of another switch"],
    ["create", `${VLAN}:oid:0x1000000000077`, "SAI_STATUS_INVALID_OBJECT_ID", "an id of another type"],
    ["create", `${VLAN}:0x77`, "SAI_STATUS_INVALID_OBJECT_ID", "no id at all"],
    ["create", "SAI_OBJECT_TYPE_ROUTE_ENTRY:{}", "SAI_STATUS_INVALID_OBJECT_ID", "an entry without members"],
    ["create", "SAI_OBJECT_TYPE_NONE:oid:0x77", "SAI_STATUS_INVALID_OBJECT_TYPE", "a type that there is not"],
    ["remove", `${VLAN}:oid:0x26000000007777`, "SAI_STATUS_ITEM_NOT_FOUND", "an object that there is not"],
    ["get", `${VLAN}:oid:0x26000000007777`, "SAI_STATUS_ITEM_NOT_FOUND", "an object that there is not"],
    ["get", `${VLAN}:oid:0x126000000000001`, "SAI_STATUS_INVALID_OBJECT_ID", "an object of another switch"],
    ["get_stats", "SAI_OBJECT_TYPE_PORT:oid:0x77", "SAI_STATUS_INVALID_OBJECT_ID", "an object that there is not"],
    ["start_poll", "PORT:oid:0x1", "SAI_STATUS_NOT_IMPLEMENTED", "counters"],
  ] as const)("a %s of %s is refused with %s: %s", async (op, key, status, _why) => {
    const { w } = await running();
    const before = await w.rows();
    expect((await w.ask(op, key, [])).status).toBe(status);
    expect(await w.rows()).toEqual(before);
    expect((await w.ask("get", SWITCH_KEY, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]])).status).toBe("SAI_STATUS_SUCCESS");
  });

  test.each([
    ["SAI_VLAN_ATTR_NONE", "1", "SAI_STATUS_UNKNOWN_ATTRIBUTE_0", "an attribute that there is not"],
    ["SAI_PORT_ATTR_MTU", "1500", "SAI_STATUS_UNKNOWN_ATTRIBUTE_0", "an attribute of another type"],
    ["SAI_VLAN_ATTR_VLAN_ID", "a hundred", "SAI_STATUS_INVALID_ATTR_VALUE_0", "a value that is no number"],
    ["SAI_VLAN_ATTR_VLAN_ID", "65536", "SAI_STATUS_INVALID_ATTR_VALUE_0", "a number beyond its bits"],
    ["SAI_VLAN_ATTR_LEARN_DISABLE", "yes", "SAI_STATUS_INVALID_ATTR_VALUE_0", "a bool that is neither"],
    [
      "SAI_VLAN_ATTR_STP_INSTANCE",
      "oid:0x110000000099",
      "SAI_STATUS_INVALID_ATTR_VALUE_0",
      "an object that there is not",
    ],
  ] as const)("%s=%s is refused with %s (%s), and the rest of a bulk is done", async (name, value, status, _why) => {
    const { w } = await running();
    const [alone, first, wrong, last] = [await w.fresh(38), await w.fresh(38), await w.fresh(38), await w.fresh(38)];
    expect((await w.ask("create", `${VLAN}:${alone}`, [[name, value]])).status).toBe(status);
    const bulk = await w.ask("bulkcreate", `${VLAN}:3`, [
      [first as string, "SAI_VLAN_ATTR_VLAN_ID=100"],
      [wrong as string, `${name}=${value}`],
      [last as string, "SAI_VLAN_ATTR_VLAN_ID=101"],
    ]);
    expect(bulk.status).toBe("SAI_STATUS_FAILURE");
    expect(bulk.fields.map(([each]) => each)).toEqual(["SAI_STATUS_SUCCESS", status, "SAI_STATUS_SUCCESS"]);
    const rows = Object.keys(await w.rows());
    expect([alone, first, wrong, last].map((vid) => rows.includes(`${VLAN}:${vid}`))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  test("rows that were written as the request was taken show the ASIC again when it refuses", async () => {
    const { w, vr } = await running();
    const key = `SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(vr, "10.1.0.0/16")}`;
    await w.store.command(["HSET", `ASIC_STATE:${key}`, "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "drop"]);
    const asked = [["SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "drop"]] as const;
    expect((await w.ask("create", key, asked, { id: undefined, rowsWritten: true })).status).toBe(
      "SAI_STATUS_INVALID_ATTR_VALUE_0",
    );
    expect((await w.rows())[key]).toBeUndefined();
    const router = `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${vr}`;
    await w.ask("create", key, [["NULL", "NULL"]]);
    await w.store.command(["DEL", `ASIC_STATE:${router}`]);
    expect((await w.ask("remove", router, [], { id: undefined, rowsWritten: true })).status).toBe(
      "SAI_STATUS_OBJECT_IN_USE",
    );
    expect((await w.rows())[router]).toEqual({});
  });
});

describe("requests that read", () => {
  test("a get answers in the channel's ids, and leaves what can be set in the row", async () => {
    const { w } = await running();
    const got = await w.ask("get", SWITCH_KEY, [
      ["SAI_SWITCH_ATTR_PORT_LIST", "2:oid:0x0,oid:0x0"],
      ["SAI_SWITCH_ATTR_FDB_AGING_TIME", "7"],
    ]);
    const ports = /^2:(oid:0x1\w+),(oid:0x1\w+)$/.exec(got.fields[0]?.[1] ?? "");
    expect(ports).not.toBeNull();
    expect((await w.rows())[SWITCH_KEY]).toEqual({
      SAI_SWITCH_ATTR_INIT_SWITCH: "true",
      SAI_SWITCH_ATTR_FDB_AGING_TIME: "0",
    });
    const lanes = await w.ask("bulkget", "SAI_OBJECT_TYPE_PORT:2", [
      [ports?.[1] ?? "", "SAI_PORT_ATTR_HW_LANE_LIST=4:0,0,0,0"],
      [ports?.[2] ?? "", "SAI_PORT_ATTR_HW_LANE_LIST=1:0"],
    ]);
    expect(lanes).toEqual({
      op: "getresponse",
      status: "SAI_STATUS_FAILURE",
      fields: [
        ["SAI_STATUS_SUCCESS", "SAI_PORT_ATTR_HW_LANE_LIST=4:1,2,3,4"],
        ["SAI_STATUS_BUFFER_OVERFLOW", "SAI_PORT_ATTR_HW_LANE_LIST=4"],
      ],
    });
    expect((await w.rows())[`SAI_OBJECT_TYPE_PORT:${ports?.[1]}`]).toEqual({ SAI_PORT_ATTR_HW_LANE_LIST: "4:1,2,3,4" });
    expect((await w.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
  });

  test("capabilities come from the declarations, with the fields in their order", async () => {
    const { w } = await running();
    const asked = [
      ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"],
      ["ATTR_ID", "SAI_PORT_ATTR_HW_LANE_LIST"],
    ] as const;
    expect(await w.ask("attribute_capability_query", SWITCH_VID, asked)).toEqual({
      op: "attribute_capability_response",
      status: "SAI_STATUS_SUCCESS",
      fields: [
        ["CREATE_IMPLEMENTED", "true"],
        ["SET_IMPLEMENTED", "false"],
        ["GET_IMPLEMENTED", "true"],
      ],
    });
    expect((await w.ask("attribute_capability_query", SWITCH_VID, asked.slice(1))).status).toBe(
      "SAI_STATUS_INVALID_PARAMETER",
    );
    const enums = (name: string, size: string) =>
      w.ask("attr_enum_values_capability_query", SWITCH_VID, [
        ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"],
        ["ATTR_ID", name],
        ["LIST_SIZE", size],
      ]);
    const values = [
      ["ENUM_CAPABILITIES", "0,1,2,"],
      ["ENUM_COUNT", "3"],
    ];
    for (const name of ["SAI_PORT_ATTR_FEC_MODE", "SAI_PORT_ATTR_SUPPORTED_FEC_MODE"])
      expect(await enums(name, "3")).toEqual({
        ...{ op: "attr_enum_values_capability_response", status: "SAI_STATUS_SUCCESS", fields: values },
      });
    expect(await enums("SAI_PORT_ATTR_FEC_MODE", "2")).toMatchObject({
      ...{ status: "SAI_STATUS_BUFFER_OVERFLOW", fields: [["ENUM_COUNT", "3"]] },
    });
    expect((await enums("SAI_PORT_ATTR_FEC_MODE", "many")).status).toBe("SAI_STATUS_INVALID_PARAMETER");
    expect((await enums("SAI_PORT_ATTR_MTU", "9")).status).toBe("SAI_STATUS_INVALID_PARAMETER");
    expect((await enums("SAI_PORT_ATTR_NONE", "9")).status).toBe("SAI_STATUS_NOT_SUPPORTED");
    const stats = (op: "stats_capability_query" | "stats_st_capability_query", type: string, size: string) =>
      w.ask(op, SWITCH_VID, [
        ["OBJECT_TYPE", type],
        ["LIST_SIZE", size],
      ]);
    expect(await stats("stats_st_capability_query", "SAI_OBJECT_TYPE_ROUTER_INTERFACE", "8")).toEqual({
      op: "stats_st_capability_response",
      status: "SAI_STATUS_SUCCESS",
      fields: [
        ["STAT_ENUM", "0,1,4,5,2,3,6,7,"],
        ["STAT_MODES", "3,3,3,3,3,3,3,3,"],
        ["MINIMAL_POLLING_INTERVALS", "0,0,0,0,0,0,0,0,"],
        ["STAT_COUNT", "8"],
      ],
    });
    const short = await stats("stats_capability_query", "SAI_OBJECT_TYPE_PORT", "1");
    expect([short.status, short.fields]).toEqual(["SAI_STATUS_BUFFER_OVERFLOW", [["STAT_COUNT", "11"]]]);
    expect((await stats("stats_capability_query", VLAN, "9")).status).toBe("SAI_STATUS_NOT_SUPPORTED");
    const free = await w.ask("object_type_get_availability_query", SWITCH_VID, [["OBJECT_TYPE", VLAN]]);
    expect(Number(free.fields[0]?.[1])).toBeGreaterThan(900_000);
  });

  test("what the ASIC tells comes in the channel's ids; a learnt address has a row until it is flushed", async () => {
    const { w } = await running();
    const map = await w.row("VIDTORID");
    const cold = await w.row("COLDVIDS");
    const vid = (type: string) => Object.keys(cold).find((id) => cold[id] === type) ?? "";
    const rid = (type: string) => map[vid(type)] ?? "";
    const entry = (bvid: string, ofSwitch: string) =>
      `{"bvid":"${bvid}","mac":"00:00:00:00:00:01","switch_id":"${ofSwitch}"}`;
    const bridgePort = rid("SAI_OBJECT_TYPE_BRIDGE_PORT");
    w.core.call({
      call: "raise",
      cause: { kind: "learn", entry: entry(rid(VLAN), map[SWITCH_VID] ?? ""), bridgePort },
    });
    await w.ask("get", SWITCH_KEY, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
    await w.syncd?.idle();
    const row = `SAI_OBJECT_TYPE_FDB_ENTRY:${entry(vid(VLAN), SWITCH_VID)}`;
    expect(w.told.map(({ name }) => name)).toEqual(["fdb_event"]);
    expect(JSON.parse(w.told[0]?.data ?? "")[0].fdb_entry).toBe(entry(vid(VLAN), SWITCH_VID));
    expect((await w.rows())[row]).toEqual({
      SAI_FDB_ENTRY_ATTR_TYPE: "SAI_FDB_ENTRY_TYPE_DYNAMIC",
      SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID: vid("SAI_OBJECT_TYPE_BRIDGE_PORT"),
    });
    expect((await w.ask("flush", `SAI_OBJECT_TYPE_FDB_FLUSH:${SWITCH_VID}`)).status).toBe("SAI_STATUS_SUCCESS");
    expect((await w.rows())[row]).toBeUndefined();
  });
});

describe("a view", () => {
  test("that says what stands already changes nothing, whatever its ids", async () => {
    const { w, vr } = await running();
    await w.ask("create", `SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(vr, "10.1.0.0/16")}`, [["NULL", "NULL"]]);
    const rids = Object.values(await w.row("VIDTORID")).toSorted();
    await w.ask("notify", "INIT_VIEW");
    expect(w.syncd?.rowPrefix()).toBe("TEMP_");
    await w.createSwitch();
    const other = await w.fresh(VR);
    await w.ask("create", `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${other}`, [["NULL", "NULL"]]);
    await w.ask("create", `SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(other, "10.1.0.0/16")}`, [["NULL", "NULL"]]);
    const early = await w.ask("get", `SAI_OBJECT_TYPE_VIRTUAL_ROUTER:${other}`, [
      ["SAI_VIRTUAL_ROUTER_ATTR_LABEL", "0"],
    ]);
    expect(early.status).toBe("SAI_STATUS_INVALID_OBJECT_ID");
    expect((await w.ask("notify", "APPLY_VIEW")).status).toBe("SAI_STATUS_SUCCESS");
    expect(w.events.findLast(({ kind }) => kind === "view")).toEqual({ kind: "view", to: "apply", steps: 0 });
    const map = await w.row("VIDTORID");
    expect(Object.values(map).toSorted()).toEqual(rids);
    expect(map[vr]).toBeUndefined();
    const rows = await w.rows();
    expect(rows[`SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(other, "10.1.0.0/16")}`]).toEqual({});
    expect(rows[`SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(vr, "10.1.0.0/16")}`]).toBeUndefined();
    expect(await w.rows("TEMP_ASIC_STATE")).toEqual({});
    expect((await w.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
  });

  test("of another switch is refused, and nothing is changed", async () => {
    const { w } = await running();
    const before = await w.rows();
    await w.ask("notify", "INIT_VIEW");
    expect((await w.ask("notify", "APPLY_VIEW")).status).toBe("SAI_STATUS_FAILURE");
    expect(await w.rows()).toEqual(before);
    expect(w.syncd?.broken).toBeUndefined();
  });
});

describe("a start", () => {
  test("takes over what stands; a cold one makes it anew behind the same ids", async () => {
    const { w, vr } = await running();
    await w.ask("create", `SAI_OBJECT_TYPE_ROUTE_ENTRY:${route(vr, "10.1.0.0/16")}`, [["NULL", "NULL"]]);
    const before = { rows: await w.rows(), map: await w.row("VIDTORID") };
    await w.start();
    expect({ rows: await w.rows(), map: await w.row("VIDTORID") }).toEqual(before);
    await w.start("cold");
    expect(await w.rows()).toEqual(before.rows);
    const map = await w.row("VIDTORID");
    expect(Object.keys(map).toSorted()).toEqual(Object.keys(before.map).toSorted());
    expect(Object.values(map).some((rid) => Object.values(before.map).includes(rid))).toBe(false);
    expect((await w.ask("notify", "SYNCD_INSPECT_ASIC")).status).toBe("SAI_STATUS_SUCCESS");
  });
});
