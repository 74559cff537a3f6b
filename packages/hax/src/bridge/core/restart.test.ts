import { err, ok, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { parseFid } from "../../fid.js";
import { readConfTree } from "./conf-tree.js";
import { statusText } from "./event-book.js";
import { clientTypesIn, FirstRequests, judgeStart, startsIn, startsText } from "./restart.js";

const r = (key: number) => unwrap(parseFid(`r|1:${key}`));
const at = "m0conf/nodes/b1/processes";
const conf = readConfTree([
  { key: `${at}/6/services/ha`, text: "7" },
  { key: `${at}/16/services/ios`, text: "18" },
  { key: `${at}/48/services/m0_client_other`, text: "48" },
  { key: `${at}/64/services/motr_client`, text: "64" },
]);
const STARTED = statusText("STARTED", "M0D");
const STOPPED = statusText("STOPPED", "M0D");
const passes = (because: string) => ({ kind: "passes", because });
const restarted = (status: string | undefined) => ({ kind: "restarted", status });

test.each([
  ["mkfs, the first of all", 16, 0, undefined, passes("0 starts before this one")],
  ["m0d after mkfs", 16, 1, statusText("STOPPED", "M0MKFS"), passes("1 starts before this one")],
  ["one that died", 16, 2, STARTED, restarted(STOPPED)],
  ["one that died while it ended", 16, 9, statusText("STOPPING", "OTHER"), restarted(statusText("STOPPED", "OTHER"))],
  ["one that died before it said anything", 16, 2, undefined, restarted(STOPPED)],
  ["one of which no JSON is stored", 16, 2, "{", restarted(STOPPED)],
  ["one that ended in order: it is stored already", 16, 2, STOPPED, restarted(undefined)],
  ["m0d after mkfs was run once more", 16, 5, statusText("STARTED", "M0MKFS"), passes("mkfs was there before it")],
  ["hax", 6, 5, undefined, passes("it is a hax")],
  ["hax by its status", 16, 5, STARTED.replace("PROCESS_M0D", "PROCESS_HA"), passes("it is a hax")],
  ["a client by its name", 48, 5, STARTED, passes("it is a client")],
  ["a client that m0_client_types lists", 64, 5, STARTED, passes("it is a client")],
  ["a fid of nobody", 99, 5, STARTED, passes("the configuration does not have it: nobody relies on it")],
] as const)("a process that begins: %s", (_, key, starts, status, verdict) => {
  const clientTypes = ["motr_client"];
  expect(judgeStart({ process: r(key), starts, status, conf, clientTypes })).toEqual(verdict);
});

test("§6.2: starts are a JSON string of digits; anything else is one error", () => {
  expect(startsText(2)).toBe('"2"');
  expect([startsIn('"2"'), startsIn("12"), startsIn(undefined)]).toEqual([ok(2), ok(12), ok(0)]);
  for (const text of ["", '"-1"', '"two"', "null", '"1234567890123456"'])
    expect(startsIn(text)).toEqual(err(`${text}: expected a JSON string of digits`));
  expect(clientTypesIn('["a", "b"]')).toEqual(ok(["a", "b"]));
  for (const text of ["{", "{}", "[1]"]) expect(clientTypesIn(text)).toEqual(err("expected a JSON list of names"));
});

test("a process that was told EAGAIN has its first request still to come; at most 4,096 are remembered", () => {
  const firsts = new FirstRequests();
  const later = (key: number) => firsts.has({ process: r(key), firstRequest: false });
  expect([firsts.has({ process: r(1), firstRequest: true }), later(1)]).toEqual([true, false]);
  firsts.refused(r(1));
  expect(later(1)).toBe(true);
  firsts.served(r(1));
  expect(later(1)).toBe(false);
  for (let key = 1; key <= 5000; key++) firsts.refused(r(key));
  expect([firsts.size, later(1), later(5000)]).toEqual([4096, false, true]);
});
