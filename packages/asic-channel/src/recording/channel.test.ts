import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AsicNotification } from "../notification.js";
import { type AsicReply, replyTo } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { formatBody } from "./format-line.js";
import { isRecorded, notificationBody, replyBody, requestBodies } from "./from-channel.js";
import { parseBody, parseLine } from "./parse-line.js";
import { momentOf, StampPrinter } from "./stamp.js";
import { AS_RECORDER, FOR_PLAYER, type RecordingStyle } from "./style.js";
import { roleOf } from "./to-channel.js";

const SWITCH = "oid:0x21000000000000";
const OK = "SAI_STATUS_SUCCESS";
const route = (prefix: string): string => `{"dest":"${prefix}","switch_id":"${SWITCH}","vr":"oid:0x3000000000004"}`;
const drop = "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION=SAI_PACKET_ACTION_DROP";

type Said = readonly [request: AsicRequest, reply?: AsicReply, during?: AsicNotification];

const linesOf = ([request, reply, during]: Said, style: RecordingStyle = AS_RECORDER): readonly string[] => {
  if (!isRecorded(request)) return [];
  const answer = reply === undefined ? undefined : replyBody(request, reply, style);
  return [
    ...requestBodies(request),
    ...(during === undefined ? [] : [notificationBody(during)]),
    ...(answer === undefined ? [] : [answer]),
  ].map(formatBody);
};

/** What was said in the recording of `testdata/current.rec`. */
const SAID: readonly Said[] = [
  [{ op: "notify", key: "INIT_VIEW", fields: [] }, replyTo("notify", OK)],
  [
    {
      op: "create",
      key: `SAI_OBJECT_TYPE_SWITCH:${SWITCH}`,
      fields: [
        ["SAI_SWITCH_ATTR_INIT_SWITCH", "true"],
        ["SAI_SWITCH_ATTR_SRC_MAC_ADDRESS", "02:42:AC:11:00:02"],
      ],
    },
    replyTo("create", OK),
  ],
  [
    {
      op: "get",
      key: `SAI_OBJECT_TYPE_SWITCH:${SWITCH}`,
      fields: [["SAI_SWITCH_ATTR_PORT_LIST", "2:oid:0x0,oid:0x0"]],
    },
    replyTo("get", OK, [["SAI_SWITCH_ATTR_PORT_LIST", "2:oid:0x1000000000002,oid:0x1000000000003"]]),
    {
      name: "port_state_change",
      data: '[{"port_error_status":"SAI_PORT_ERROR_STATUS_CLEAR","port_id":"oid:0x1000000000002","port_state":"SAI_PORT_OPER_STATUS_UP"}]',
      fields: [],
    },
  ],
  [{ op: "create", key: "SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid:0x3000000000004", fields: [] }, replyTo("create", OK)],
  [
    {
      op: "bulkcreate",
      key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:2",
      fields: [
        [route("10.1.0.0/16"), drop],
        [route("10.2.0.0/16"), drop],
      ],
    },
    replyTo("bulkcreate", OK, [
      [OK, ""],
      [OK, ""],
    ]),
  ],
  [
    {
      op: "bulkget",
      key: "SAI_OBJECT_TYPE_PORT:2",
      fields: [
        ["oid:0x1000000000002", "SAI_PORT_ATTR_SPEED=0"],
        ["oid:0x1000000000003", "SAI_PORT_ATTR_SPEED=0"],
      ],
    },
    replyTo("bulkget", OK, [
      [OK, "SAI_PORT_ATTR_SPEED=100000"],
      [OK, "SAI_PORT_ATTR_SPEED=100000"],
    ]),
  ],
  [
    { op: "set", key: "SAI_OBJECT_TYPE_PORT:oid:0x1000000000002", fields: [["SAI_PORT_ATTR_MTU", "9122"]] },
    replyTo("set", "SAI_STATUS_NOT_SUPPORTED"),
  ],
  [
    { op: "bulkremove", key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:1", fields: [[route("10.2.0.0/16"), ""]] },
    replyTo("bulkremove", OK, [[OK, ""]]),
  ],
  [{ op: "flush", key: `SAI_OBJECT_TYPE_FDB_FLUSH:${SWITCH}`, fields: [] }, replyTo("flush", OK)],
  [
    {
      op: "attribute_capability_query",
      key: SWITCH,
      fields: [
        ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"],
        ["ATTR_ID", "SAI_PORT_ATTR_MTU"],
      ],
    },
    replyTo("attribute_capability_query", OK, [
      ["CREATE_IMPLEMENTED", "true"],
      ["SET_IMPLEMENTED", "true"],
      ["GET_IMPLEMENTED", "true"],
    ]),
  ],
  [{ op: "notify", key: "APPLY_VIEW", fields: [] }, replyTo("notify", OK)],
];

test("requests, replies and notifications leave the lines that upstream's recorder writes", () => {
  const file = readFileSync(new URL("../../testdata/current.rec", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  const bodies = file.map((line) => line.slice(27)).filter((body) => !body.startsWith("#|"));
  expect(SAID.flatMap((said) => linesOf(said))).toEqual(bodies);
});

describe("what else is said leaves its line, or none", () => {
  const port = "SAI_OBJECT_TYPE_PORT:oid:0x1000000000002";
  const cases: readonly (readonly [string, Said, readonly string[]])[] = [
    ["statistics leave none", [{ op: "get_stats", key: port, fields: [] }, replyTo("get_stats", OK)], []],
    [
      "damping leaves none",
      [
        { op: "link_event_damping_config_set", key: port, fields: [["A", "1"]] },
        replyTo("link_event_damping_config_set", "SAI_STATUS_FAILURE"),
      ],
      [],
    ],
    [
      "a get of resources that are left leaves none",
      [
        {
          op: "get",
          key: `SAI_OBJECT_TYPE_SWITCH:${SWITCH}`,
          fields: [["SAI_SWITCH_ATTR_AVAILABLE_FDB_ENTRY", "0"]],
        },
        replyTo("get", OK, [["SAI_SWITCH_ATTR_AVAILABLE_FDB_ENTRY", "7"]]),
      ],
      [],
    ],
    [
      "one other attribute makes it recorded",
      [
        {
          op: "get",
          key: `SAI_OBJECT_TYPE_SWITCH:${SWITCH}`,
          fields: [
            ["SAI_SWITCH_ATTR_AVAILABLE_FDB_ENTRY", "0"],
            ["SAI_SWITCH_ATTR_PORT_NUMBER", "0"],
          ],
        },
        replyTo("get", "SAI_STATUS_FAILURE"),
      ],
      [
        `g|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_SWITCH_ATTR_AVAILABLE_FDB_ENTRY=0|SAI_SWITCH_ATTR_PORT_NUMBER=0`,
        "G|SAI_STATUS_FAILURE|",
      ],
    ],
    [
      "a get that does not fit is answered with counts",
      [
        { op: "get", key: port, fields: [["SAI_PORT_ATTR_HW_LANE_LIST", "0:null"]] },
        replyTo("get", "SAI_STATUS_BUFFER_OVERFLOW", [["SAI_PORT_ATTR_HW_LANE_LIST", "4"]]),
      ],
      [`g|${port}|SAI_PORT_ATTR_HW_LANE_LIST=0:null`, "G|SAI_STATUS_BUFFER_OVERFLOW|SAI_PORT_ATTR_HW_LANE_LIST=4"],
    ],
    [
      "the hardware of a switch is a comment before it",
      [
        {
          op: "create",
          key: `SAI_OBJECT_TYPE_SWITCH:${SWITCH}`,
          fields: [["SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO", "4:102,111,111,0"]],
        },
      ],
      [
        "#|SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO=foo",
        `c|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO=4:102,111,111,0`,
      ],
    ],
    [
      "a bulk op that failed names the status of each object",
      [
        {
          op: "bulkset",
          key: "SAI_OBJECT_TYPE_PORT:2",
          fields: [
            ["oid:0x1", "A=1"],
            ["oid:0x2", "A=2"],
          ],
        },
        replyTo("bulkset", "SAI_STATUS_FAILURE", [
          [OK, ""],
          ["SAI_STATUS_NOT_EXECUTED", ""],
        ]),
      ],
      ["S|SAI_OBJECT_TYPE_PORT||oid:0x1|A=1||oid:0x2|A=2", `E|SAI_STATUS_FAILURE||${OK}|SAI_STATUS_NOT_EXECUTED`],
    ],
    [
      "counters are polled",
      [{ op: "stop_poll", key: "GROUP:oid:0x1", fields: [] }, replyTo("stop_poll", OK)],
      ["p|GROUP:oid:0x1|"],
    ],
    [
      "statistics that are cleared",
      [{ op: "clear_stats", key: port, fields: [["SAI_PORT_STAT_IF_IN_OCTETS", ""]] }, replyTo("clear_stats", OK)],
      [`q|clear_stats|${port}|SAI_PORT_STAT_IF_IN_OCTETS=`, `Q|clear_stats|${OK}`],
    ],
    [
      "values that an enum may have",
      [
        {
          op: "attr_enum_values_capability_query",
          key: SWITCH,
          fields: [
            ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"],
            ["ATTR_ID", "SAI_PORT_ATTR_MEDIA_TYPE"],
            ["LIST_SIZE", "8"],
          ],
        },
        replyTo("attr_enum_values_capability_query", OK, [
          ["ENUM_CAPABILITIES", "1,2,3,"],
          ["ENUM_COUNT", "3"],
        ]),
      ],
      [
        `q|attribute_enum_values_capability|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_PORT_ATTR_MEDIA_TYPE=8`,
        `Q|attribute_enum_values_capability|${OK}|SAI_PORT_ATTR_MEDIA_TYPE=3:1,2,3`,
      ],
    ],
    [
      "objects that still fit",
      [
        {
          op: "object_type_get_availability_query",
          key: SWITCH,
          fields: [
            ["SAI_X_ATTR_STAGE", "1"],
            ["OBJECT_TYPE", "SAI_OBJECT_TYPE_X"],
          ],
        },
        replyTo("object_type_get_availability_query", OK, [["OBJECT_COUNT", "64"]]),
      ],
      [
        `q|object_type_get_availability|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_X_ATTR_STAGE=1`,
        `Q|object_type_get_availability|${OK}|COUNT=64`,
      ],
    ],
    [
      "statistics that exist",
      [
        {
          op: "stats_capability_query",
          key: SWITCH,
          fields: [
            ["OBJECT_TYPE", "SAI_OBJECT_TYPE_PORT"],
            ["LIST_SIZE", "2"],
          ],
        },
        replyTo("stats_capability_query", OK, [
          ["STAT_ENUM", "0,1,"],
          ["STAT_MODES", "3,1,"],
          ["STAT_COUNT", "2"],
        ]),
      ],
      [
        `q|stats_capability|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|OBJECT_TYPE=SAI_OBJECT_TYPE_PORT|LIST_SIZE=2`,
        `Q|stats_capability|${OK}|{"count":2,"list":[{"stat_enum":"0","stat_modes":["3"]},{"stat_enum":"1","stat_modes":["1"]}]}`,
      ],
    ],
  ];
  test.each(cases)("%s", (_name, said, expected) => {
    expect(linesOf(said)).toEqual(expected);
  });
});

test("for upstream's player bulk replies have two bars, and failures leave no line", () => {
  const said = SAID.filter(([{ op }]) => op === "bulkget" || op === "set");
  expect(said.flatMap((each) => linesOf(each, FOR_PLAYER)).map((line) => line.slice(0, 24))).toEqual([
    "B|SAI_OBJECT_TYPE_PORT||",
    "G|SAI_STATUS_SUCCESS||SA",
    "s|SAI_OBJECT_TYPE_PORT:o",
  ]);
});

test("an object without attributes in an older file is created as one of today", () => {
  const parsed = parseLine("2017-06-14.01:56:05.507210|c|SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid:0x3000000000004");
  expect(parsed.ok && roleOf(parsed.value.body)).toMatchObject({
    request: { op: "create", fields: [["NULL", "NULL"]] },
  });
});

test("a line whose op nobody knows is unreadable, and says why", () => {
  expect(roleOf({ op: "unknown", letter: "z" })).toEqual({
    kind: "unreadable",
    reason: "the op z is none that is known",
  });
});

const id = fc.stringMatching(/^oid:0x[1-9a-f][0-9a-f]{0,12}$/);
const attribute = fc.tuple(fc.stringMatching(/^SAI_[A-Z]{1,8}$/), fc.stringMatching(/^[a-z0-9:.,]{0,12}$/));
const joined = fc
  .array(attribute, { minLength: 1, maxLength: 3 })
  .map((all) => all.map((pair) => pair.join("=")).join("|"));
const keyOf = id.map((oid) => `SAI_OBJECT_TYPE_PORT:${oid}`);
const objects = (value: fc.Arbitrary<string>): fc.Arbitrary<[string, string][]> =>
  fc.array(fc.tuple(id, value), { minLength: 1, maxLength: 4 });
const bulk = (
  op: "bulkcreate" | "bulkset" | "bulkget" | "bulkremove",
  value: fc.Arbitrary<string>,
): fc.Arbitrary<AsicRequest> =>
  objects(value).map((fields) => ({ op, key: `SAI_OBJECT_TYPE_PORT:${fields.length}`, fields }));
const played: fc.Arbitrary<AsicRequest> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("create" as const, "get" as const),
      keyOf,
      fc.array(attribute, { minLength: 1, maxLength: 4 }),
    )
    .map(([op, key, fields]) => ({ op, key, fields })),
  fc.tuple(keyOf, attribute).map(([key, pair]): AsicRequest => ({ op: "set", key, fields: [pair] })),
  keyOf.map((key): AsicRequest => ({ op: "remove", key, fields: [] })),
  fc
    .array(attribute, { maxLength: 2 })
    .map((fields): AsicRequest => ({ op: "flush", key: `SAI_OBJECT_TYPE_FDB_FLUSH:${SWITCH}`, fields })),
  fc.constantFrom("INIT_VIEW", "APPLY_VIEW").map((key): AsicRequest => ({ op: "notify", key, fields: [] })),
  bulk("bulkcreate", joined),
  bulk(
    "bulkset",
    attribute.map((pair) => pair.join("=")),
  ),
  bulk("bulkget", joined),
  bulk("bulkremove", fc.constant("")),
);

test("every request that a player sends survives being recorded", () => {
  fc.assert(
    fc.property(played, (request) => {
      const bodies = requestBodies(request).map((body) => parseBody(formatBody(body)));
      const last = bodies.at(-1);
      expect(last?.ok && roleOf(last.value)).toMatchObject({ kind: "request", request });
    }),
    { numRuns: 1000 },
  );
});

test("times are local, with microseconds, and mean the moment that they were printed for", () => {
  const printer = new StampPrinter();
  const at = new Date(2026, 2, 1, 10, 0, 0).getTime() * 1000 + 101;
  expect(printer.print(at)).toBe("2026-03-01.10:00:00.000101");
  expect(printer.print(at + 1_000_000)).toBe("2026-03-01.10:00:01.000101");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), fc.nat(999_999), (second, micros) => {
      const moment = second * 1_000_000 + micros;
      expect(printer.print(momentOf(printer.print(moment)) as number)).toBe(printer.print(moment));
    }),
  );
  expect(momentOf("2026-03-01.10:00:00")).toBeUndefined();
});
