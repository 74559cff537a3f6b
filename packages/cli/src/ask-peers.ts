import { type Millis, ok, type Result, seconds } from "@tandem/base";
import { DashHaScopeState, DashHaSetConfig, Dpu, RemoteDpu, Vdpu } from "@tandem/hamgrd";
import { describeQueryError, getActorState } from "@tandem/swbus/edge";
import type { Failure, Io } from "./io.js";
import { type PeerQuestion, peerQuestions, withPeer } from "./peer-questions.js";
import { committedFields, parseActorDump } from "./render/actor.js";
import type { TableRow } from "./render/rows.js";
import type { SlotSessions } from "./switch-slots.js";
import type { TableReader } from "./tables.js";

/** What the answer of the other side is worth waiting for. */
export const PEER_WITHIN: Millis = seconds(1);

/**
 * The scopes' rows, completed over the bus by what the peers' hamgrds say. Whoever does not answer in time leaves a
 * warning and its side unknown.
 */
export async function askPeers(
  tables: TableReader,
  states: readonly TableRow[],
  sessions: SlotSessions,
  io: Io,
): Promise<Result<readonly TableRow[], Failure>> {
  const sets = await tables.rows(DashHaSetConfig);
  if (!sets.ok) return sets;
  const vdpus = await tables.rows(Vdpu);
  if (!vdpus.ok) return vdpus;
  const dpus = await tables.rows(Dpu);
  if (!dpus.ok) return dpus;
  const remoteDpus = await tables.rows(RemoteDpu);
  if (!remoteDpus.ok) return remoteDpus;
  const rows = { sets: sets.value, vdpus: vdpus.value, dpus: dpus.value, remoteDpus: remoteDpus.value };
  const questions = peerQuestions({ states, ...rows });
  const slots = [...new Set(questions.map(({ slot }) => slot))];
  const answers = await Promise.all(
    slots.map((slot) =>
      askOverSlot(
        slot,
        questions.filter((question) => question.slot === slot),
        sessions,
        io,
      ),
    ),
  );
  const completed = new Map(answers.flat());
  return ok(states.map((state) => completed.get(state) ?? state));
}

async function askOverSlot(
  slot: number,
  questions: readonly PeerQuestion[],
  sessions: SlotSessions,
  io: Io,
): Promise<readonly (readonly [state: TableRow, completed: TableRow])[]> {
  const unknown = (what: string): readonly [] => {
    io.complain(`warning: peer states over slot ${slot} are unknown: ${what}`);
    return [];
  };
  const opened = await sessions.open(slot);
  if (!opened.ok) return unknown(opened.error.text);
  const session = opened.value;
  const answers = await Promise.all(
    questions.map(async ({ state, endpoint, actor }) => {
      const node = await session.resolve(endpoint, PEER_WITHIN);
      if (!node.ok) return unknown(`the swbusd at ${endpoint}: ${describeQueryError(node.error)}`);
      const text = await getActorState(session.client, session.path(actor, node.value), PEER_WITHIN);
      if (!text.ok) return unknown(`${node.value}${actor}: ${describeQueryError(text.error)}`);
      const dump = parseActorDump(text.value);
      if (!dump.ok) return unknown(`${node.value}${actor}: ${dump.error}`);
      return [[state, withPeer(state, committedFields(dump.value, DashHaScopeState.name))] as const];
    }),
  );
  return answers.flat();
}
