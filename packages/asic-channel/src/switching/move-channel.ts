import {
  type Clock,
  type CrashPoint,
  err,
  type Millis,
  ok,
  type Random,
  type Result,
  seconds,
  sleep,
} from "@tandem/base";
import { describeStoreError, type Store } from "@tandem/swss";
import type { Owner } from "../asic-error.js";
import { holderOf } from "../redis/end-claim.js";
import { SYNCD_OWNER } from "../syncd/names.js";
import type { TransportName } from "../transport.js";
import { CLIENT_OWNER, type Mark } from "./mark.js";
import { endWish, readMark, wishFor } from "./mark-scripts.js";
import { LOOK_EVERY } from "./mover.js";
import { type AskedMove, type Movers, progressOf } from "./switch-progress.js";

/** How long Redis may be gone while a move is waited for. */
const REDIS_WITHIN = seconds(5);

export interface MoveOptions {
  /** The ASIC's database, connected. */
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly crash: CrashPoint;
  /** Who asks. */
  readonly owner: Owner;
  readonly to: TransportName;
  /** Then the wish is withdrawn, and the old transport stays. */
  readonly within: Millis;
  /** Called with each further thing that is waited for. */
  readonly onWait: (what: string) => void;
  readonly signal: AbortSignal;
}

/** A move that is done, or was not needed. */
export interface Moved {
  readonly from: TransportName;
  readonly to: TransportName;
  /** Moves of this channel so far. */
  readonly generation: number;
  /** Milliseconds for which requests were held; absent when the channel was there already. */
  readonly waited: number | undefined;
}

/** Who takes part in a channel. */
export interface ChannelState {
  readonly mark: Mark;
  readonly client: Owner | undefined;
  readonly syncd: Owner | undefined;
}

/** The mark, and the processes that follow it. The error is one line. */
export async function readChannel(store: Store): Promise<Result<ChannelState, string>> {
  const [mark, client, syncd] = await Promise.all([
    readMark(store),
    holderOf(store, CLIENT_OWNER),
    holderOf(store, SYNCD_OWNER),
  ]);
  if (!mark.ok) return mark;
  if (!client.ok) return err(describeStoreError(client.error));
  if (!syncd.ok) return err(describeStoreError(syncd.error));
  return ok({ mark: mark.value, client: client.value, syncd: syncd.value });
}

/** Moves a running pair to another transport, and waits until both ends are there. The error is one line: the old one stays. */
export async function moveChannel(options: MoveOptions): Promise<Result<Moved, string>> {
  const { store, to, within, owner, random, crash } = options;
  const state = await readChannel(store);
  if (!state.ok) return state;
  const { client, syncd, mark } = state.value;
  const db = store.db.name;
  if (syncd === undefined)
    return err(`no syncd of ${db} is running: start one with tandem asic syncd, then move the channel`);
  if (client === undefined)
    return err(
      `no client that can be moved has the channel of ${db}: syncd serves ${mark.serves.join(", ") || "nothing"}; ` +
        "an unmodified orchagent stays where it is",
    );
  const id = random.uuid();
  const wished = await wishFor(store, to, id, nameOf(owner), within);
  if (!wished.ok) return err(`the wish is not stored: ${describeStoreError(wished.error)}`);
  const { obstacle, from, generation } = wished.value;
  if (obstacle === "unknown" || from === undefined)
    return err(`${nameOf(client)} has not said which transport it uses`);
  if (obstacle === "there") return ok({ from, to, generation, waited: undefined });
  if (obstacle === "busy") {
    const wish = mark.wish;
    return err(
      `another move is under way${wish === undefined ? "" : `: ${wish.by} wishes for ${wish.to}`}; ${from} stays until then`,
    );
  }
  crash.reach("asic.switch.wished");
  const asked = { id, to, generation };
  const ended = await untilMoved(options, asked);
  return ended.ok ? ok({ from, to, generation: generation + 1, waited: ended.value }) : ended;
}

/** Milliseconds for which requests were held. */
async function untilMoved(options: MoveOptions, asked: AskedMove): Promise<Result<number, string>> {
  const { store, clock, within, onWait, signal } = options;
  const until = clock.monotonic() + within;
  let heard = clock.monotonic();
  let waitsFor = "";
  for (;;) {
    const state = await readChannel(store);
    const now = clock.monotonic();
    if (state.ok) {
      heard = now;
      const progress = progressOf(asked, state.value.mark, moversOf(state.value));
      if (progress.kind === "moved") return ok(progress.waited);
      if (progress.kind === "refused") return err(`${progress.reason}; ${stays(state.value.mark)}`);
      // The wish ends by Redis' clock, and may do so a look earlier than by ours.
      if (progress.kind === "over" && now < until - 2 * LOOK_EVERY)
        return err(`Redis has forgotten the wish; ${stays(state.value.mark)}`);
      if (progress.kind === "over") return err(`${late(within, waitsFor)}; ${stays(state.value.mark)}`);
      if (progress.for !== waitsFor) onWait(progress.for);
      waitsFor = progress.for;
    } else if (now - heard > REDIS_WITHIN)
      return err(
        `Redis has not answered for ${REDIS_WITHIN / 1000} s (${state.error}): the wish ends by itself; ask again with tandem asic switch`,
      );
    if (signal.aborted || now >= until) {
      return withdraw(options, asked, signal.aborted ? "it was told to end" : late(within, waitsFor));
    }
    await sleep(clock, LOOK_EVERY, signal).catch(() => undefined);
  }
}

/** What was granted at the last moment counts. */
async function withdraw({ store }: MoveOptions, asked: AskedMove, why: string): Promise<Result<number, string>> {
  await endWish(store, asked.id);
  const state = await readChannel(store);
  if (!state.ok) return err(`${why}; ${state.error}: ask again with tandem asic switch`);
  const progress = progressOf(asked, state.value.mark, moversOf(state.value));
  if (progress.kind === "moved") return ok(progress.waited);
  return err(`${why}; ${stays(state.value.mark)}`);
}

function late(within: Millis, waitsFor: string): string {
  return `not within ${within / 1000} s: it waited for ${waitsFor || "Redis"}`;
}

function stays({ transport }: Mark): string {
  return `the channel is on ${transport ?? "the old transport"}`;
}

function moversOf({ client, syncd }: ChannelState): Movers {
  return { client: client && nameOf(client), syncd: syncd && nameOf(syncd) };
}

function nameOf({ name, pid }: Owner): string {
  return `${name} (process ${pid})`;
}
