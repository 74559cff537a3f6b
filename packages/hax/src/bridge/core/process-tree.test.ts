import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { formatFid, parseFid } from "../../fid.js";
import type { Note, NoteState } from "../../motr/message.js";
import { type Pair, readConfTree } from "./conf-tree.js";
import { readSurroundings, surroundingNotes } from "./process-tree.js";

const fid = (letter: string, key: number) => unwrap(parseFid(`${letter}|1:${key}`));
const text = (letter: string, key: number) => formatFid(fid(letter, key));
const NODE = `m0conf/nodes/${text("n", 3)}`;
const ENCLOSURE = `m0conf/sites/${text("S", 1)}/racks/${text("a", 2)}/encls/${text("e", 4)}`;

/** The node of §13.1 with a second ios, 0x30, whose drive hangs on the same controller. */
const pairs: readonly Pair[] = [
  { key: "m0conf/nodes/alpha1/processes/16/services/ios", text: "18" },
  { key: "m0conf/nodes/alpha1/processes/48/services/ios", text: "50" },
  { key: NODE, text: '{"name": "alpha1", "state": "M0_NC_UNKNOWN"}' },
  ...[16, 48].map((key) => ({ key: `${NODE}/processes/${text("r", key)}`, text: '{"state": "M0_NC_UNKNOWN"}' })),
  ...[
    [16, 18, 0x13, "unknown"],
    [16, 18, 0x14, "failed"],
    [48, 50, 0x33, "online"],
  ].map(([process, service, sdev, state]) => ({
    key: `${NODE}/processes/${text("r", process as number)}/services/${text("s", service as number)}/sdevs/${text("d", sdev as number)}`,
    text: `{"path": "/dev/vdb", "state": "${state}"}`,
  })),
  { key: ENCLOSURE, text: `{"node": "${text("n", 3)}", "state": "M0_NC_UNKNOWN"}` },
  ...[
    [0x15, 0x13],
    [0x16, 0x14],
    [0x35, 0x33],
  ].map(([drive, sdev]) => ({
    key: `${ENCLOSURE}/ctrls/${text("c", 5)}/drives/${text("k", drive as number)}`,
    text: `{"sdev": "${text("d", sdev as number)}", "state": "M0_NC_UNKNOWN"}`,
  })),
];

function told(states: Readonly<Record<number, NoteState>>, all = states): readonly string[] {
  const notes = Object.entries(states).map(([key, state]): Note => ({ fid: fid("r", Number(key)), state }));
  const known = new Map(Object.entries(all).map(([key, state]) => [text("r", Number(key)), state]));
  const of = surroundingNotes(notes, readSurroundings(pairs), readConfTree(pairs), (each) =>
    known.get(formatFid(each)),
  );
  return of.map((note) => `${formatFid(note.fid)} ${note.state}`);
}

test("§9: when every ios of a node is away, its drives, controller, node and enclosure are told so", () => {
  expect(told({ 16: "TRANSIENT", 48: "TRANSIENT" })).toEqual([
    ...[0x15, 0x16, 0x35].map((key) => `${text("k", key)} TRANSIENT`),
    `${text("c", 5)} TRANSIENT`,
    `${text("n", 3)} TRANSIENT`,
    `${text("e", 4)} TRANSIENT`,
  ]);
});

test("§9: while one of two ios stands, only the drives of the other fail", () => {
  expect(told({ 16: "FAILED" }, { 16: "FAILED", 48: "ONLINE" })).toEqual([
    ...[0x15, 0x16].map((key) => `${text("k", key)} FAILED`),
    ...[text("c", 5), text("n", 3), text("e", 4)].map((each) => `${each} ONLINE`),
  ]);
});

test("a drive of a process that stands is as its device is stored", () => {
  expect(told({ 16: "ONLINE" })).toEqual([
    `${text("k", 0x15)} ONLINE`,
    `${text("k", 0x16)} FAILED`,
    ...[text("c", 5), text("n", 3), text("e", 4)].map((each) => `${each} ONLINE`),
  ]);
});

test("§9: 2,196 drives of one process are all told", () => {
  const many = Array.from({ length: 2196 }, (_, i) => i + 1000).flatMap((i): Pair[] => [
    {
      key: `${NODE}/processes/${text("r", 16)}/services/${text("s", 18)}/sdevs/${text("d", i)}`,
      text: '{"state": "online"}',
    },
    { key: `${ENCLOSURE}/ctrls/${text("c", 5)}/drives/${text("k", i)}`, text: `{"sdev": "${text("d", i)}"}` },
  ]);
  const all = [...pairs.slice(0, 5), ...many];
  const note: Note = { fid: fid("r", 16), state: "FAILED" };
  const notes = surroundingNotes([note], readSurroundings(all), readConfTree(all), () => "FAILED");
  expect(notes.filter(({ state }) => state === "FAILED")).toHaveLength(2196 + 2);
});

test("what cannot be read stands nowhere, and a process that nobody knows has nothing around it", () => {
  const odd = pairs.map(({ key }) => ({ key, text: "{" }));
  const around = readSurroundings(odd);
  expect([around.enclosuresOf.size, around.drivesOf.size]).toEqual([0, 0]);
  expect(told({ 99: "FAILED" })).toEqual([]);
});
