import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unwrap } from "@tandem/base";
import { describe, expect, test } from "vitest";
import { type Asic, LocalAsic } from "./asic.js";
import type { AsicCall, AsicEvent, CallOutcome } from "./call.js";
import { connectAsic } from "./client.js";
import { AsicCore } from "./core.js";
import { serveAsic } from "./server.js";

const SHAPE = { ports: 2, lanesPerPort: 4, queuesPerPort: 2, priorityGroupsPerPort: 1 };
const VLAN = "SAI_OBJECT_TYPE_VLAN";
const MEMBER = "SAI_OBJECT_TYPE_VLAN_MEMBER";
const PORT = "SAI_OBJECT_TYPE_PORT";

interface World {
  readonly asic: Asic;
  close(): Promise<void>;
}

const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
  "in this process": async () => {
    const asic = new LocalAsic(new AsicCore(SHAPE, 100));
    return { asic, close: () => asic[Symbol.asyncDispose]() };
  },
  "behind a unix socket": async () => {
    const folder = await mkdtemp(join(tmpdir(), "tandem-asic-"));
    const path = join(folder, "asic.sock");
    const server = unwrap(await serveAsic({ core: new AsicCore(SHAPE, 100), path, boot: "one" }));
    const asic = unwrap(await connectAsic(path));
    return {
      asic,
      close: async () => {
        await asic[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

const create = (type: string, attributes: readonly (readonly [string, string])[], id?: string): AsicCall => ({
  ...{ call: "create", type, attributes, label: id ?? type },
  ...(id !== undefined && { id }),
});

describe.each(Object.keys(WORLDS))("an ASIC %s", (name) => {
  const within = async (use: (ask: (call: AsicCall) => Promise<CallOutcome>, asic: Asic) => Promise<void>) => {
    const world = await (WORLDS[name] as () => Promise<World>)();
    try {
      await use(async (call) => unwrap(await world.asic.call(call)), world.asic);
    } finally {
      await world.close();
    }
  };
  const boot = (ask: (call: AsicCall) => Promise<CallOutcome>) =>
    ask(create("SAI_OBJECT_TYPE_SWITCH", [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]));

  test("a switch brings its ports, and their queues know them", () =>
    within(async (ask) => {
      const { id = "" } = await boot(ask);
      const got = await ask({
        ...{ call: "get", type: "SAI_OBJECT_TYPE_SWITCH", id },
        fields: [
          ["SAI_SWITCH_ATTR_PORT_NUMBER", "0"],
          ["SAI_SWITCH_ATTR_PORT_LIST", "2:oid:0x0,oid:0x0"],
        ],
      });
      expect(got.fields?.[0]).toEqual(["SAI_SWITCH_ATTR_PORT_NUMBER", "2"]);
      const port = got.fields?.[1]?.[1].split(/[:,]/).slice(-1)[0] ?? "";
      const queues = await ask({
        ...{ call: "get", type: PORT, id: `oid:${port}` },
        fields: [["SAI_PORT_ATTR_QOS_NUMBER_OF_QUEUES", "0"]],
      });
      expect(queues.fields).toEqual([["SAI_PORT_ATTR_QOS_NUMBER_OF_QUEUES", "2"]]);
      const short = await ask({
        ...{ call: "get", type: "SAI_OBJECT_TYPE_SWITCH", id, fields: [["SAI_SWITCH_ATTR_PORT_LIST", "1:oid:0x0"]] },
      });
      expect(short).toEqual({ status: "SAI_STATUS_BUFFER_OVERFLOW", fields: [["SAI_SWITCH_ATTR_PORT_LIST", "2"]] });
    }));

  test("what is named by others stays; what there is can be made once", () =>
    within(async (ask) => {
      await boot(ask);
      const vlan = await ask(create(VLAN, [["SAI_VLAN_ATTR_VLAN_ID", "100"]]));
      expect((await ask(create(VLAN, [["SAI_VLAN_ATTR_VLAN_ID", "100"]]))).status).toBe(
        "SAI_STATUS_ITEM_ALREADY_EXISTS",
      );
      const objects = (await ask({ call: "dump" })).objects ?? [];
      const bridgePort = objects.find(({ type }) => type === "SAI_OBJECT_TYPE_BRIDGE_PORT")?.id ?? "";
      const member = await ask(
        create(MEMBER, [
          ["SAI_VLAN_MEMBER_ATTR_VLAN_ID", vlan.id ?? ""],
          ["SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID", bridgePort],
        ]),
      );
      expect((await ask({ call: "remove", type: VLAN, id: vlan.id ?? "" })).status).toBe("SAI_STATUS_OBJECT_IN_USE");
      expect((await ask({ call: "remove", type: MEMBER, id: member.id ?? "" })).status).toBe("SAI_STATUS_SUCCESS");
      expect((await ask({ call: "remove", type: VLAN, id: vlan.id ?? "" })).status).toBe("SAI_STATUS_SUCCESS");
      expect((await ask({ call: "remove", type: VLAN, id: vlan.id ?? "" })).status).toBe("SAI_STATUS_ITEM_NOT_FOUND");
      expect((await ask({ call: "counts", labels: [VLAN, MEMBER, "x"] })).counts).toEqual([1, 1, 0]);
    }));

  test.each([
    [VLAN, [["SAI_VLAN_ATTR_VLAN_ID", "70000"]], "SAI_STATUS_INVALID_ATTR_VALUE_0"],
    [VLAN, [["SAI_VLAN_ATTR_VLAN_IDS", "7"]], "SAI_STATUS_UNKNOWN_ATTRIBUTE_0"],
    [
      VLAN,
      [
        ["SAI_VLAN_ATTR_VLAN_ID", "7"],
        ["SAI_VLAN_ATTR_LEARN_DISABLE", "maybe"],
      ],
      "-131073",
    ],
    [
      VLAN,
      [
        ["SAI_VLAN_ATTR_VLAN_ID", "7"],
        ["SAI_VLAN_ATTR_MEMBER_LIST", "0:null"],
      ],
      "-65537",
    ],
    [VLAN, [], "SAI_STATUS_MANDATORY_ATTRIBUTE_MISSING"],
    [
      VLAN,
      [
        ["SAI_VLAN_ATTR_VLAN_ID", "7"],
        ["SAI_VLAN_ATTR_STP_INSTANCE", "oid:0x77"],
      ],
      "-131073",
    ],
    ["SAI_OBJECT_TYPE_NONSENSE", [], "SAI_STATUS_INVALID_OBJECT_TYPE"],
  ] as const)("a create of %s with %j is refused with %s", (type, attributes, status) =>
    within(async (ask) => {
      await boot(ask);
      const before = (await ask({ call: "dump" })).objects?.length;
      expect((await ask({ call: "create", type, attributes, label: "x" })).status).toBe(status);
      expect((await ask({ call: "dump" })).objects?.length).toBe(before);
      expect((await ask({ call: "counts", labels: ["x"] })).counts).toEqual([0]);
    }),
  );

  test("a full ASIC refuses, and goes on", () =>
    within(async (ask) => {
      await boot(ask);
      const made: string[] = [];
      for (let n = 2; n < 200; n++) made.push((await ask(create(VLAN, [["SAI_VLAN_ATTR_VLAN_ID", `${n}`]]))).status);
      expect(made[0]).toBe("SAI_STATUS_SUCCESS");
      expect(made.at(-1)).toBe("SAI_STATUS_INSUFFICIENT_RESOURCES");
    }));

  test("a port that comes up is told once, to whoever listens", () =>
    within(async (ask, asic) => {
      await boot(ask);
      const objects = (await ask({ call: "dump" })).objects ?? [];
      const port = objects.filter(({ type }) => type === PORT)[1]?.id ?? "";
      const set = { call: "set", type: PORT, id: port, name: "SAI_PORT_ATTR_ADMIN_STATE", value: "true" } as const;
      await ask(set);
      const told: AsicEvent[] = [];
      const heard = new Promise<void>((resolve) =>
        asic.onEvent((event) => {
          told.push(event);
          if (told.length === 2) resolve();
        }),
      );
      await ask(set);
      await ask({ call: "raise", cause: { kind: "link", port, up: false } });
      await heard;
      expect(told.map(({ name, data }) => [name, /SAI_PORT_OPER_STATUS_\w+/.exec(data)?.[0]])).toEqual([
        ["port_state_change", "SAI_PORT_OPER_STATUS_UP"],
        ["port_state_change", "SAI_PORT_OPER_STATUS_DOWN"],
      ]);
    }));

  test("learnt addresses can be flushed, those that were set stay", () =>
    within(async (ask) => {
      const { id = "" } = await boot(ask);
      const objects = (await ask({ call: "dump" })).objects ?? [];
      const idOf = (wanted: string) => objects.find(({ type }) => type === wanted)?.id ?? "";
      const entry = (mac: string) => `{"bvid":"${idOf(VLAN)}","mac":"${mac}","switch_id":"${id}"}`;
      const bridgePort = idOf("SAI_OBJECT_TYPE_BRIDGE_PORT");
      await ask({ call: "raise", cause: { kind: "learn", entry: entry("00:00:00:00:00:01"), bridgePort } });
      await ask(
        create(
          "SAI_OBJECT_TYPE_FDB_ENTRY",
          [["SAI_FDB_ENTRY_ATTR_TYPE", "SAI_FDB_ENTRY_TYPE_STATIC"]],
          entry("00:00:00:00:00:02"),
        ),
      );
      expect(await ask({ call: "flush", filters: [] })).toEqual({
        status: "SAI_STATUS_SUCCESS",
        gone: [entry("00:00:00:00:00:01")],
      });
    }));

  test("statistics count what happens, and can be cleared", () =>
    within(async (ask) => {
      const { id = "" } = await boot(ask);
      const port = ((await ask({ call: "dump" })).objects ?? []).find(({ type }) => type === PORT)?.id ?? "";
      const names = ["SAI_PORT_STAT_IF_IN_OCTETS"];
      await ask({ call: "raise", cause: { kind: "count", type: PORT, id: port, name: names[0] ?? "", by: 5 } });
      const read = { call: "stats", type: PORT, id: port, names } as const;
      expect((await ask({ ...read, clear: false })).fields).toEqual([[names[0], "5"]]);
      await ask({ ...read, clear: true });
      expect((await ask({ ...read, clear: false })).fields).toEqual([[names[0], "0"]]);
      expect((await ask({ ...read, names: ["SAI_PORT_STAT_X"], clear: false })).status).toBe(
        "SAI_STATUS_NOT_SUPPORTED",
      );
      expect((await ask({ call: "reset" })).status).toBe("SAI_STATUS_SUCCESS");
      expect((await ask({ call: "dump" })).objects).toEqual([]);
      expect(id).not.toBe("");
    }));
});

test("an ASIC that is there is not replaced; one whose process is gone is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tandem-asic-"));
  const path = join(folder, "asic.sock");
  const first = unwrap(await serveAsic({ core: new AsicCore(SHAPE), path, boot: "one" }));
  const second = await serveAsic({ core: new AsicCore(SHAPE), path, boot: "two" });
  expect(second).toEqual({ ok: false, error: `${path}: another ASIC is there` });
  const asic = unwrap(await connectAsic(path));
  const lost = new Promise((resolve) => asic.onLost(resolve));
  await first[Symbol.asyncDispose]();
  expect(await lost).toMatchObject({ kind: "lost" });
  expect((await asic.call({ call: "dump" })).ok).toBe(false);
  const third = unwrap(await serveAsic({ core: new AsicCore(SHAPE), path, boot: "three" }));
  await third[Symbol.asyncDispose]();
  expect((await connectAsic(path)).ok).toBe(false);
  await rm(folder, { recursive: true, force: true });
});
