import { type Millis, ok, type Result, seconds } from "@tandem/base";
import { DashHaScopeState, DashHaSetConfig, Dpu, RemoteDpu, Vdpu } from "@tandem/hamgrd";
import { describeQueryError, getActorState } from "@tandem/swbus/edge";
import { BusSession } from "./bus-session.js";
import type { Failure, Io } from "./io.js";
import { type PeerQuestion, peerQuestions, withPeer } from "./peer-questions.js";
import { committedFields, parseActorDump } from "./render/actor.js";
import type { TableRow } from "./render/rows.js";
import type { TableReader } from "./tables.js";

/** What the answer of the other side is worth waiting for. */
const ANSWER_WITHIN: Millis = seconds(1);

/**
 * The scopes' rows, completed over the bus by what the peers' hamgrds say. Whoever does not answer in time leaves a
 * warning and its side unknown.
 */
export async function askPeers(
  tables: TableReader,
  states: readonly TableRow[],
  dbConfig: string | undefined,
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
        dbConfig,
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
  dbConfig: string | undefined,
  io: Io,
): Promise<readonly (readonly [state: TableRow, completed: TableRow])[]> {
  const unknown = (what: string): readonly [] => {
    io.complain(`warning: peer states over slot ${slot} are unknown: ${what}`);
    return [];
  };
  const opened = await BusSession.open({ slot, configFile: undefined, dbConfig }, io, ANSWER_WITHIN);
  if (!opened.ok) return unknown("message" in opened.error ? opened.error.message : "not connected");
  await using session = opened.value;
  using client = session.client("show");
  const answers = await Promise.all(
    questions.map(async ({ state, endpoint, actor }) => {
      const node = await session.resolve(endpoint, ANSWER_WITHIN);
      if (!node.ok) return unknown(`the swbusd at ${endpoint}: ${describeQueryError(node.error)}`);
      const text = await getActorState(client, session.destination(actor, node.value), ANSWER_WITHIN);
      if (!text.ok) return unknown(`${node.value}${actor}: ${describeQueryError(text.error)}`);
      const dump = parseActorDump(text.value);
      if (!dump.ok) return unknown(`${node.value}${actor}: ${dump.error}`);
      return [[state, withPeer(state, committedFields(dump.value, DashHaScopeState.name))] as const];
    }),
  );
  return answers.flat();
}
