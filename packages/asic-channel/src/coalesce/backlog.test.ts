import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AsicRequest } from "../request.js";
import { Backlog, coalesced, type Due, isState } from "./backlog.js";

const route = (n: number): string =>
  `SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.${n}.0.0/16","switch_id":"oid:0x21000000000000","vr":"oid:0x3000000000001"}`;
const create = (n: number, value: string): AsicRequest => ({ op: "create", key: route(n), fields: [["A", value]] });
const set = (n: number, name: string, value: string): AsicRequest => ({
  op: "set",
  key: route(n),
  fields: [[name, value]],
});
const remove = (n: number): AsicRequest => ({ op: "remove", key: route(n), fields: [] });
const fence = (n: number): AsicRequest => ({ op: "create", key: `SAI_OBJECT_TYPE_VLAN:oid:0x${n}`, fields: [] });

const say = ({ op, fields }: AsicRequest): string => [op, ...fields.flat()].join(" ");

/** What an ASIC has after some requests, and the status of each. */
function perform(requests: readonly AsicRequest[]) {
  const objects = new Map<string, Record<string, string>>();
  const statuses = requests.map(({ op, key, fields }) => {
    const known = objects.get(key);
    if (op === "create" ? known !== undefined : known === undefined) return "refused";
    if (op === "remove") objects.delete(key);
    else objects.set(key, { ...known, ...Object.fromEntries(fields) });
    return "done";
  });
  return { objects: Object.fromEntries([...objects].sort()), statuses };
}

describe("what may be coalesced", () => {
  test.each([
    [set(1, "A", "x"), true],
    [create(1, "x"), true],
    [remove(1), true],
    [{ op: "set", key: "SAI_OBJECT_TYPE_PORT:oid:0x1", fields: [["SAI_PORT_ATTR_MTU", "1"]] }, true],
    [{ op: "set", key: "SAI_OBJECT_TYPE_SWITCH:oid:0x21000000000000", fields: [["X", "1"]] }, false],
    [fence(1), false],
    [{ op: "remove", key: "SAI_OBJECT_TYPE_VLAN:oid:0x1", fields: [] }, false],
    [{ op: "get", key: route(1), fields: [] }, false],
    [{ op: "bulkset", key: "SAI_OBJECT_TYPE_ROUTE_ENTRY:0", fields: [] }, false],
    [{ op: "notify", key: "APPLY_VIEW", fields: [] }, false],
    [{ op: "flush", key: "SAI_OBJECT_TYPE_FDB_FLUSH:oid:0x21000000000000", fields: [] }, false],
    [{ op: "stop_poll", key: "PORT_STAT:oid:0x1", fields: [] }, false],
  ] as const)("%o: %s", (request, expected) => expect(isState(request as AsicRequest)).toBe(expected));
});

describe("the changes of one key", () => {
  test.each([
    [
      "of two sets of an attribute the later stays",
      [set(1, "A", "1"), set(1, "B", "2"), set(1, "A", "3")],
      "set B 2, set A 3",
    ],
    ["before a remove no set matters", [set(1, "A", "1"), remove(1)], "remove"],
    [
      "what comes and goes behind a remove was nothing",
      [remove(1), create(1, "x"), set(1, "A", "1"), remove(1)],
      "remove",
    ],
    ["what comes again is made anew, not changed", [set(1, "A", "1"), remove(1), create(1, "x")], "remove, create A x"],
    [
      "a set behind a create stays one of its own",
      [create(1, "x"), set(1, "A", "1"), set(1, "A", "2")],
      "create A x, set A 2",
    ],
    ["what was made and goes is still made: it may have been there", [create(1, "x"), remove(1)], "create A x, remove"],
  ] as const)("%s", (_, requests, expected) => {
    const left = (requests as readonly AsicRequest[]).reduce<AsicRequest[]>((all, each) => coalesced(all, each), []);
    expect(left.map(say).join(", ")).toBe(expected);
  });
});

/** Something that is done to a backlog: a request comes in, something is taken, or what was taken ends. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constantFrom("create", "set", "remove"), key: fc.nat(2), value: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("fence"), key: fc.constant(0), value: fc.constant(0) }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom("take", "done", "again"), key: fc.nat(5), value: fc.nat(3) }),
  },
);

/** Runs the steps, then everything that is left; gives what came in, and what was executed. */
function run(steps: readonly { readonly does: string; readonly key: number; readonly value: number }[]) {
  const backlog = new Backlog<string>();
  const asked: AsicRequest[] = [];
  const executed: AsicRequest[] = [];
  let under: Due<string>[] = [];
  let fences = 0;
  const finish = (at: number): void => {
    const [due] = under.splice(at % under.length, 1);
    if (due === undefined) return;
    executed.push(due.request);
    backlog.done(due);
  };
  for (const { does, key, value } of steps) {
    if (does === "take") under = [...under, ...backlog.take(1 + key)];
    else if (does === "done") finish(key);
    else if (does === "again") {
      const [due] = under.splice(key % Math.max(1, under.length), 1);
      if (due !== undefined) backlog.again(due);
    } else if (does === "fence") {
      const request = fence(++fences);
      asked.push(request);
      backlog.addOne(request, "fence");
    } else {
      const request =
        does === "create"
          ? create(key, String(value))
          : does === "set"
            ? set(key, value > 1 ? "A" : "B", String(value))
            : remove(key);
      asked.push(request);
      expect(backlog.addState(request, Number.POSITIVE_INFINITY)).toBe(true);
    }
  }
  for (;;) {
    while (under.length > 0) finish(0);
    under = [...backlog.take(7)];
    if (under.length === 0) break;
  }
  expect(backlog.size).toBe(0);
  return { asked, executed };
}

describe("a backlog, whatever comes in and ends in whatever order", () => {
  test("leaves the ASIC as every single request would have left it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { asked, executed } = run(steps);
        expect(perform(executed).objects).toEqual(perform(asked).objects);
      }),
      { numRuns: 500 },
    );
  });

  test("has nothing refused where nothing was", () => {
    const valid = fc.array(fc.record({ key: fc.nat(2), comes: fc.boolean(), value: fc.nat(3) }), { maxLength: 80 });
    fc.assert(
      fc.property(valid, (changes) => {
        const there = new Set<number>();
        const steps = changes.map(({ key, comes, value }) => {
          if (comes && there.has(key)) return { does: "set", key, value };
          if (comes) there.add(key);
          else if (!there.delete(key)) return { does: "take", key, value };
          return { does: comes ? "create" : "remove", key, value };
        });
        expect(perform(run(steps).executed).statuses).not.toContain("refused");
      }),
      { numRuns: 300 },
    );
  });

  test("sends what is no state in its place, and nothing past it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { asked, executed } = run(steps);
        const parts = (requests: readonly AsicRequest[]): string[][] => {
          const all: string[][] = [[]];
          for (const { key } of requests)
            if (key.startsWith("SAI_OBJECT_TYPE_VLAN")) all.push([key], []);
            else all.at(-1)?.push(key);
          return all.map((keys) => [...new Set(keys)].sort());
        };
        const [before, after] = [parts(asked), parts(executed)];
        expect(after).toHaveLength(before.length);
        for (const [at, keys] of after.entries()) for (const key of keys) expect(before[at]).toContain(key);
      }),
      { numRuns: 300 },
    );
  });
});

test("memory grows with keys, not with changes", () => {
  const backlog = new Backlog<string>();
  for (let i = 0; i < 30_000; i++) {
    const n = i % 100;
    const request = i % 3 === 0 ? set(n, `A${i % 5}`, String(i)) : i % 3 === 1 ? remove(n) : create(n, String(i));
    expect(backlog.addState(request, 1000)).toBe(true);
  }
  expect(backlog.size).toBeLessThanOrEqual(800);
  const full = new Backlog<string>();
  expect([full.addState(set(1, "A", "1"), 2), full.addState(set(2, "A", "1"), 2)]).toEqual([true, true]);
  expect([full.addState(set(3, "A", "1"), 2), full.addState(set(2, "A", "2"), 2)]).toEqual([false, true]);
});
