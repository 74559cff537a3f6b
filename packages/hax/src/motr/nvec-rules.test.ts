import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { type Fid, NULL_FID, parseFid } from "../fid.js";
import type { NoteState, Nvec } from "./message.js";
import { answerFault, setFault } from "./nvec-rules.js";

const fid = (text: string): Fid => unwrap(parseFid(text));
const set = (...notes: readonly (readonly [Fid, NoteState])[]): Nvec => ({
  ...{ type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true },
  notes: notes.map(([id, state]) => ({ fid: id, state })),
});

test.each([
  ["nothing to tell", set(), "0 notes"],
  ["more than an array holds", set(...Array.from({ length: 1025 }, () => [NULL_FID, "ONLINE"] as const)), "1025 notes"],
  ["an unknown state", set([fid("r|1:1"), "UNKNOWN"]), "UNKNOWN must not be told"],
  ["a fid of no object", set([fid("0x1:0x2"), "ONLINE"]), "no fid of a configuration object"],
  ["repair of a process", set([fid("r|1:1"), "REPAIR"]), "only for pools"],
  ["rebalance of a service", set([fid("s|1:1"), "REBALANCE"]), "only for pools"],
])("a vector with %s would abort its receiver", (_, nvec, fault) => {
  expect(setFault(nvec)).toContain(fault);
});

test("a vector that keeps the rules is fine: null fids, devices in repair", () => {
  const nvec = set(
    [NULL_FID, "ONLINE"],
    [fid("d|1:1"), "REPAIR"],
    [fid("k|1:1"), "REBALANCE"],
    [fid("r|1:1"), "FAILED"],
  );
  expect(setFault(nvec)).toBeUndefined();
});

test("an answer has the fids of its question, in that order", () => {
  const [a, b] = [fid("r|1:1"), fid("r|1:2")];
  expect(answerFault([a, b], set([a, "ONLINE"], [b, "FAILED"]))).toBeUndefined();
  expect(answerFault([a, b], set([b, "ONLINE"], [a, "FAILED"]))).toContain("note 0 is of 0x7200000000000001:0x2");
  expect(answerFault([a, b], set([a, "ONLINE"]))).toBe("1 notes answer 2 questions");
});
