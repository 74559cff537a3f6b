import type { Mutation } from "./mutation.js";

/** Every guard that is proved by switching it off. Anchors are text of the built packages. */
export const MUTATIONS: readonly Mutation[] = [
  {
    id: "bfd-while-down",
    guard: "BFD rows are withheld while the DPU's midplane or control plane is down",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/dpu.js",
        find: 'const withBfd = settings.bfdMode === "cluster" && !isDown && !held;',
        replace: 'const withBfd = settings.bfdMode === "cluster" && !held;',
      },
    ],
  },
  {
    id: "scope-before-set",
    guard: "a scope's row goes out after its set's row is acknowledged",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/ha-scope.js",
        find: "const set = inputs.state(haSetPort, config.ha_set_id);",
        replace:
          'const set = inputs.state(haSetPort, config.ha_set_id) ?? { ha_set: { local_ip: "::", peer_ip: "::" }, vdpu_ids: [] };',
      },
    ],
  },
  {
    id: "delete-order",
    guard: "deletes run against the order of writing",
    edits: [
      {
        file: "packages/actor/dist/difference.js",
        find: "fallen.sort((a, b) => b.order - a.order);",
        replace: "fallen.sort((a, b) => a.order - b.order);",
      },
    ],
  },
  {
    id: "approval-twice",
    guard: "an approval is consumed by one row",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/ha-scope-rows.js",
        find: "return withRequests(open.filter((operation) => !isAsked(operation)));",
        replace: "return all;",
      },
    ],
  },
  {
    id: "pending-id-lost",
    guard: "a pending operation keeps its id over a restart",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/ha-scope-memory.js",
        find: "        watch,\n        operations,\n",
        replace: "        watch,\n        operations: [],\n",
      },
    ],
  },
  {
    id: "pins-by-position",
    guard: "pinned probe states are aligned by vDPU",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/vnet-route.js",
        find: "return endpoints.map((vdpuId) => {\n        const pin = pins[config.vdpu_ids.indexOf(vdpuId)];",
        replace: "return endpoints.map((_, i) => {\n        const pin = pins[i];",
      },
    ],
  },
  {
    id: "dormant-writes",
    guard: "the scope of a vDPU that is not managed here writes nothing",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/ha-scope.js",
        find: "if (vdpu?.dpu.is_managed === false) {",
        replace: "if (false) {",
      },
    ],
  },
  {
    id: "stale-ack",
    guard: "a report from before the DPU's last start is no acknowledgement",
    edits: [
      {
        file: "packages/hamgrd/dist/actors/ha-scope-fold.js",
        find: "if (report?.row === undefined || report.boots !== watch.boots)",
        replace: "if (report?.row === undefined)",
      },
    ],
  },
  {
    id: "old-incarnation",
    guard: "the memory of a scope goes with its incarnation",
    edits: [
      {
        file: "packages/actor/dist/deriver.js",
        find: "this.#ended = true;\n        this.#memory = undefined;\n        this.#kept = undefined;",
        replace: "this.#ended = true;\n        this.#memory = undefined;",
      },
    ],
  },
  {
    id: "set-after-del",
    guard: "a row that takes the place of its unacknowledged delete replaces what stands there",
    edits: [
      {
        file: "packages/actor/dist/outbox-core.js",
        find: 'return older.data.operation === "Del" || older.data.replace === true ? { ...newer.data, replace: true } : newer.data;',
        replace: "return newer.data;",
      },
    ],
  },
  {
    id: "caches-on-rise",
    guard: "what is known of a DPU counts for nothing once pmon, or its connection, shows that it started anew",
    edits: [
      {
        file: "packages/actor/dist/sinks.js",
        find: "this.#epoch = epoch;\n        if (known === undefined)",
        replace: "this.#epoch = epoch;\n        if (true)",
      },
      // The connection that comes anew tells of most starts too: what lies behind it is read again.
      {
        file: "packages/actor/dist/runtime.js",
        find: "refresh: (container) => this.hub.refresh(container)",
        replace: "refresh: () => { }",
      },
    ],
  },
  {
    id: "ledger-gone-early",
    guard: "a ledger names a row until its delete is acknowledged",
    edits: [
      {
        file: "packages/actor/dist/book.js",
        find: 'if (op.op === "del")\n                continue;',
        replace:
          'if (op.op === "del") {\n                gone.push(op.ref.text);\n                continue;\n            }',
      },
    ],
  },
  {
    id: "no-resend",
    guard: "what got lost is sent again",
    edits: [
      {
        file: "packages/actor/dist/outbox-core.js",
        find: "entry.dueAt = millis(now + delay);",
        replace: "entry.dueAt = millis(now + delay + 1e12);",
      },
    ],
  },
];
