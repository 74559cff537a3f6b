import type { HamgrdStatus } from "@tandem/hamgrd";
import { expect, test } from "vitest";
import type { BusView, HamgrdView, SlotBus } from "../bus-view.js";
import { renderDoctor } from "../render/doctor.js";
import { diagnose } from "./diagnose.js";
import type { ConfigRows, DoctorFacts } from "./facts.js";

const STATUS: HamgrdStatus = {
  version: "1.0",
  slot: 0,
  pid: 1,
  now: 0,
  started: 0,
  records: "/log/x.rec",
  settings: {},
  actors: 7,
  waits: [],
  problems: [],
  bad_rows: [],
  unread: [],
  under_way: [],
  crashes: [],
};
const told = (change: Partial<HamgrdStatus> = {}, skewMs = 0): HamgrdView => {
  return { kind: "told", status: { ...STATUS, ...change }, rttMs: 2, skewMs };
};
const NODE = "r.c.sw0-dpu0";
const PEER = "r.c.sw1-dpu0";
const SLOT: SlotBus = {
  slot: 0,
  dpu: "sw0_dpu0",
  swbusd: { kind: "up", node: NODE },
  hamgrd: told(),
  peers: [{ dpu: "sw1_dpu0", npu: "10.0.1.1", endpoint: "10.0.1.1:1", node: PEER, rttMs: 1, why: "" }],
};
const ROWS: ConfigRows = {
  metadata: [{ key: ["localhost"], fields: { region: "r", cluster: "c", hostname: "sw0" } }],
  loopbacks: [{ key: ["Loopback0", "10.0.0.1/32"], fields: {} }],
  dpus: [{ key: ["sw0_dpu0"], fields: { dpu_id: "0" } }],
  remoteDpus: [{ key: ["sw1_dpu0"], fields: {} }],
  vdpus: [{ key: ["vdpu0"], fields: { main_dpu_ids: "sw0_dpu0" } }],
  global: [{ key: ["global"], fields: { dpu_vnet: "Vnet" } }],
  sets: [],
  scopes: [],
};
const FACTS: DoctorFacts = {
  configProblem: "",
  redis: [{ container: "dpu0", databases: ["A"], where: "/s", problem: "", keyEvents: "" }],
  tables: [{ name: "CONFIG_DB|DPU", readBy: "hamgrd", rows: 1, bad: [], unknown: [] }],
  slots: [
    {
      slot: 0,
      dpu: "sw0_dpu0",
      row: { key: ["sw0_dpu0"], fields: {} },
      planes: { midplane: "up", control: "up", data: "up" },
    },
  ],
  rows: ROWS,
  bus: { slots: [SLOT], remotes: new Map([[PEER, told()]]) },
  disks: [{ slot: 0, folder: "/log", free: 1 << 30, problem: "" }],
  version: "1.0",
};
const bus = (change: Partial<SlotBus>, remotes: BusView["remotes"] = FACTS.bus.remotes): DoctorFacts => {
  return { ...FACTS, bus: { slots: [{ ...SLOT, ...change }], remotes } };
};
const rows = (change: Partial<ConfigRows>): DoctorFacts => ({ ...FACTS, rows: { ...ROWS, ...change } });
const redis = (change: Partial<DoctorFacts["redis"][number]>): DoctorFacts => {
  return { ...FACTS, redis: FACTS.redis.map((fact) => ({ ...fact, ...change })) };
};
const wait = {
  actor: "ha-set/h",
  for: "the global config",
  since_ms: 90_000,
  deadline_ms: 1000,
  stuck: true,
  then: "asks",
};
const change = { actor: "ha-set/h", row: "DPU_APPL_DB|T|h", since_ms: 9000, refusal: "full" };

test("a switch that is well has only good checks", () => {
  expect(diagnose(FACTS).filter(({ verdict }) => verdict !== "ok")).toEqual([]);
});

const cases: readonly (readonly [what: string, DoctorFacts, verdict: "warn" | "fail", text: RegExp])[] = [
  ["no database config", { ...FACTS, configProblem: "x.json: gone" }, "fail", /x\.json: gone/],
  ["a Redis that is silent", redis({ problem: "no redis answers" }), "fail", /dpu0: no redis answers/],
  ["key events off", redis({ keyEvents: "none" }), "fail", /notify-keyspace-events is ""/],
  [
    "no host name",
    rows({ metadata: [{ key: ["localhost"], fields: { region: "r" } }] }),
    "fail",
    /lacks cluster, hostname/,
  ],
  ["no loopback address", rows({ loopbacks: [{ key: ["Loopback0", ""], fields: {} }] }), "fail", /Loopback0/],
  ["no DPU", rows({ dpus: [] }), "fail", /DPU has no row/],
  ["no remote DPU", rows({ remoteDpus: [] }), "warn", /REMOTE_DPU has no row/],
  ["no vnet", rows({ global: [{ key: ["g"], fields: {} }] }), "fail", /no dpu_vnet/],
  [
    "a vDPU of no DPU",
    rows({ vdpus: [{ key: ["v"], fields: { main_dpu_ids: "nine" } }] }),
    "fail",
    /VDPU v names nine/,
  ],
  ["a set of no vDPU", rows({ sets: [{ key: ["h"], fields: { vdpu_ids: "vdpu0,v9" } }] }), "fail", /HA set h names v9/],
  [
    "a scope of no set",
    rows({ scopes: [{ key: ["vdpu0", "h"], fields: { ha_set_id: "h" } }] }),
    "fail",
    /names the HA set h/,
  ],
  [
    "a refused row",
    { ...FACTS, tables: [{ name: "T", readBy: "hamgrd", rows: 1, bad: ["T x: y"], unknown: [] }] },
    "fail",
    /T x: y/,
  ],
  [
    "a row that others refuse",
    { ...FACTS, tables: [{ name: "T", readBy: "others", rows: 1, bad: ["T x: y"], unknown: [] }] },
    "warn",
    /T x: y/,
  ],
  [
    "an unknown field",
    { ...FACTS, tables: [{ name: "T", readBy: "hamgrd", rows: 1, bad: [], unknown: ["k: teir"] }] },
    "warn",
    /T k: teir/,
  ],
  ["a swbusd that is down", bus({ swbusd: { kind: "down", why: "refused" } }), "fail", /swbusd: refused/],
  [
    "a swbusd that could not be asked",
    bus({ swbusd: { kind: "unasked", why: "/etc/bus.yaml: permission denied" } }),
    "fail",
    /swbusd was not asked: \/etc\/bus\.yaml: permission denied/,
  ],
  [
    "a peer that is silent",
    bus({ peers: SLOT.peers.map((peer) => ({ ...peer, rttMs: undefined, why: "silent" })) }),
    "fail",
    /sw1_dpu0 .* silent/,
  ],
  ["a slow peer", bus({ peers: SLOT.peers.map((peer) => ({ ...peer, rttMs: 900 })) }), "warn", /takes 900 ms/],
  ["a hamgrd that is silent", bus({ hamgrd: { kind: "silent", why: "none is there" } }), "fail", /dpu0: none is there/],
  [
    "another build of hamgrd",
    bus({ hamgrd: { kind: "foreign", why: "another build" } }),
    "warn",
    /dpu0: another build/,
  ],
  ["a wait that is stuck", bus({ hamgrd: told({ waits: [wait] }) }), "fail", /waits for the global config since 90 s/],
  [
    "a refused config",
    bus({ hamgrd: told({ problems: [{ actor: "a", severity: "refused", text: "owner switch" }] }) }),
    "fail",
    /owner switch/,
  ],
  [
    "a doubtful config",
    bus({ hamgrd: told({ problems: [{ actor: "a", severity: "warning", text: "owner missing" }] }) }),
    "warn",
    /owner missing/,
  ],
  ["a row that hamgrd refuses", bus({ hamgrd: told({ bad_rows: ["T x"] }) }), "fail", /dpu0 refuses T x/],
  ["a table never read", bus({ hamgrd: told({ unread: ["CONFIG_DB|DPU"] }) }), "fail", /has never been read/],
  [
    "a row that is not taken",
    bus({ hamgrd: told({ under_way: [change] }) }),
    "fail",
    /is not taken since 9000 ms: full/,
  ],
  [
    "an actor that crashes",
    bus({ hamgrd: told({ crashes: [{ actor: "a", in_a_row: 2, error: "E" }] }) }),
    "fail",
    /crashed: E/,
  ],
  [
    "an actor that crashed once",
    bus({ hamgrd: told({ crashes: [{ actor: "a", in_a_row: 0, error: "E" }] }) }),
    "warn",
    /crashed: E/,
  ],
  ["a clock that is off", bus({}, new Map([[PEER, told({}, -4000)]])), "warn", /sw1 is 4000 ms behind/],
  ["a clock that is far off", bus({}, new Map([[PEER, told({}, 90_000)]])), "fail", /sw1 is 90 s ahead/],
  [
    "a full disk",
    { ...FACTS, disks: [{ slot: 0, folder: "/log", free: 1000, problem: "" }] },
    "fail",
    /\/log: 0 MB free/,
  ],
  [
    "a disk that cannot be seen",
    { ...FACTS, disks: [{ slot: 0, folder: "/log", free: undefined, problem: "not here" }] },
    "warn",
    /not here/,
  ],
  ["mixed versions", bus({ hamgrd: told({ version: "0.9" }) }), "warn", /0\.9 \(1\), 1\.0 \(1\)/],
];

for (const [what, facts, verdict, text] of cases) {
  test(`${what}: ${verdict}, with a remedy`, () => {
    const found = diagnose(facts).filter((check) => check.verdict !== "ok");
    const check = found.find((candidate) => text.test(candidate.text));
    expect({ verdict: check?.verdict, all: found.map(({ text: line }) => line) }).toMatchObject({ verdict });
    expect(check?.remedy).not.toBe("");
  });
}

test("slots with different settings are told apart by the setting", () => {
  const slots = ["cluster", "ha-set"].map((bfdMode, slot) => ({
    ...SLOT,
    slot,
    hamgrd: told({ settings: { bfdMode } }),
  }));
  const found = diagnose({ ...FACTS, bus: { ...FACTS.bus, slots } }).filter(({ verdict }) => verdict === "warn");
  expect(found.map(({ text }) => text)).toEqual(["bfdMode differs: dpu0 cluster, dpu1 ha-set"]);
});

test("the Redis of a DPU that is down is doubtful, not failed", () => {
  const [slot] = FACTS.slots;
  if (slot === undefined) throw new Error("no slot");
  const slots = [{ ...slot, planes: { midplane: "down", control: "down", data: "down" } as const }];
  const [check] = diagnose({ ...redis({ problem: "silent" }), slots });
  expect(check).toMatchObject({ verdict: "warn", text: expect.stringContaining("its DPU is down (midplane down)") });
});

test("lines stay within 100 columns, and continue below the text", () => {
  const text = renderDoctor(diagnose(redis({ problem: `no redis answers at ${"a/long/path ".repeat(12)}` })));
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text).toMatch(/^fail {2}databases {6}dpu0: no redis .*\n {21}\S/);
});
