import fc from "fast-check";
import { expect, test } from "vitest";
import { POSITION_FIRST, type Position, positionParts, type StreamEntry } from "../streams/wire.js";
import { type Archived, EntryOrder } from "./entry-order.js";

/** Both streams as a client and a server leave them, and how far requests were finished after each entry. */
interface Talk {
  readonly entries: readonly { readonly of: "requests" | "responses"; readonly entry: StreamEntry }[];
  readonly done: readonly Position[];
}

type Move = "ask" | "answer" | "settle" | "publish";

const entry = (n: number, fields: Readonly<Record<string, string>>): StreamEntry => ({
  position: `${1000 + n}-${n}`,
  fields: new Map(Object.entries({ attrs: "[]", ...fields })),
});

/** `settle` finishes a request that nobody waits for. */
function talkOf(moves: readonly Move[]): Talk {
  const entries: Talk["entries"][number][] = [];
  const done: Position[] = [];
  const open: { id: string; position: Position }[] = [];
  let asked = 0;
  let last: Position = POSITION_FIRST;
  for (const move of moves) {
    const n = entries.length + 1;
    if (move === "ask") {
      asked += 1;
      const id = `e:${asked}`;
      const request = entry(n, { key: `SAI_OBJECT_TYPE_PORT:oid:0x${asked}`, op: "get", id });
      open.push({ id, position: request.position });
      entries.push({ of: "requests", entry: request });
    } else if (move === "publish") {
      entries.push({ of: "responses", entry: entry(n, { key: "event", op: "notification", data: "[]" }) });
    } else {
      const finished = open.shift();
      if (finished === undefined) continue;
      last = finished.position;
      if (move === "settle") {
        done[entries.length - 1] = last;
        continue;
      }
      const reply = { key: "SAI_STATUS_SUCCESS", op: "getresponse", id: finished.id };
      entries.push({ of: "responses", entry: entry(n, reply) });
    }
    done.push(last);
  }
  return { entries, done };
}

/** Reads the talk as it grows, `step` entries at a time, and takes what can be taken after each look. */
function archive(talk: Talk, from: Position, step: number, until = talk.entries.length): readonly Archived[] {
  const order = new EntryOrder(from);
  const taken: Archived[] = [];
  const behind = talk.entries.findIndex(
    ({ entry: { position } }) => positionParts(position)[1] > positionParts(from)[1],
  );
  for (let i = behind < 0 ? until : behind; i < until; i += step) {
    const seen = talk.entries.slice(i, Math.min(i + step, until));
    const of = (stream: "requests" | "responses") =>
      seen.filter((each) => each.of === stream).map((each) => each.entry);
    order.addRequests(of("requests"));
    order.addResponses(of("responses"), true);
    const done = talk.done[Math.min(i + step, until) - 1] ?? POSITION_FIRST;
    // A second look in which nothing is new must change nothing.
    for (let look = 0; look < 2; look++) {
      for (let next = order.next(done); typeof next !== "string"; next = order.next(done)) taken.push(next);
    }
  }
  return taken;
}

const words = (taken: readonly Archived[]): readonly string[] =>
  taken.flatMap((each) => {
    if (each.kind === "request")
      return `${each.request.key.slice(21)} ${each.reply === undefined ? "-" : each.reply.position}`;
    return each.kind === "passed" ? [] : `${each.kind} ${each.position}`;
  });

const moves = fc.array(fc.constantFrom<Move>("ask", "ask", "answer", "settle", "publish"), { maxLength: 40 });
const wholeTalk = moves.map((some) => talkOf([...some, ...Array<Move>(40).fill("answer")]));

test("however the streams are read, each request comes once, with its reply, in order, and nothing seems to be missing", () => {
  fc.assert(
    fc.property(wholeTalk, fc.integer({ min: 1, max: 7 }), (talk, step) => {
      const requests = talk.entries.filter(({ of }) => of === "requests");
      const replies = new Map(
        talk.entries.map(({ entry: { fields, position } }) => [`${fields?.get("op")} ${fields?.get("id")}`, position]),
      );
      const taken = archive(talk, POSITION_FIRST, step);
      expect(taken.filter(({ kind }) => kind === "hole" || kind === "malformed")).toEqual([]);
      const asked = taken.filter((each) => each.kind === "request");
      expect(asked.map(({ position }) => position)).toEqual(requests.map(({ entry: { position } }) => position));
      for (const [i, { reply }] of asked.entries()) expect(reply?.position).toBe(replies.get(`getresponse e:${i + 1}`));
    }),
    { numRuns: 1000 },
  );
});

test("an archiver that begins where another ended goes on as if it had been one", () => {
  fc.assert(
    fc.property(wholeTalk, fc.integer({ min: 1, max: 5 }), fc.nat(60), (talk, step, cut) => {
      const before = archive(talk, POSITION_FIRST, step, Math.min(cut, talk.entries.length));
      const after = archive(talk, before.at(-1)?.position ?? POSITION_FIRST, talk.entries.length);
      expect(words([...before, ...after])).toEqual(words(archive(talk, POSITION_FIRST, step)));
    }),
    { numRuns: 1000 },
  );
});

test("entries that are gone are a hole of their number, and a counter that begins anew is one of unknown size", () => {
  const order = new EntryOrder("1001-1");
  order.addResponses(
    [
      entry(5, { key: "event", op: "notification" }),
      { ...entry(2, { key: "event", op: "notification" }), position: "9000-2" },
    ],
    true,
  );
  const taken = [
    order.next(POSITION_FIRST),
    order.next(POSITION_FIRST),
    order.next(POSITION_FIRST),
    order.next(POSITION_FIRST),
  ];
  expect(taken).toMatchObject([
    { kind: "hole", entries: 3 },
    { kind: "notification", position: "1005-5" },
    { kind: "hole", entries: undefined },
    { kind: "notification", position: "9000-2" },
  ]);
});
