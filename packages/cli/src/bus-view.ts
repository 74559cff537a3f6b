import { type Millis, seconds, systemClock } from "@tandem/base";
import type { HamgrdStatus } from "@tandem/hamgrd";
import { describeSendError, type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { type RemotePlace, remotePlaces } from "./remote-places.js";
import type { TableRow } from "./render/rows.js";
import {
  describeUnresolved,
  type SlotSession,
  type SlotSessions,
  type SwitchSlot,
  type Unopened,
} from "./switch-slots.js";

/** How long whoever is behind a swbusd of this switch may take. */
const PEER_WITHIN: Millis = seconds(2);

const NOT_OPENED: Unopened = { asked: false, text: "not opened" };

/** The view when nobody answered at all. */
export function silentBus(slots: readonly SwitchSlot[], why: string): BusView {
  const silent = ({ slot, dpu }: SwitchSlot): SlotBus => {
    return { slot, dpu, swbusd: { kind: "down", why }, hamgrd: { kind: "silent", why }, peers: [] };
  };
  return { slots: slots.map(silent), remotes: new Map() };
}

/** What a hamgrd said, or why it did not. */
export type HamgrdView =
  | {
      readonly kind: "told";
      readonly status: HamgrdStatus;
      readonly rttMs: number;
      /** Its clock against ours; it may be off by half the round trip. */
      readonly skewMs: number;
    }
  /** `foreign`: one is there, of a build that does not know the question. */
  | { readonly kind: "silent" | "foreign"; readonly why: string };

/** One remote DPU as the swbusd of a slot reaches it. */
export interface PeerView extends RemotePlace {
  /** Its node, when the swbusd knows it. */
  readonly node: string | undefined;
  readonly rttMs: number | undefined;
  /** Why there is no round trip; empty when there is one. */
  readonly why: string;
}

/** The bus of one slot. */
export interface SlotBus {
  readonly slot: number;
  readonly dpu: string;
  /** The slot's swbusd, or why it does not take us, or why it could not even be asked. */
  readonly swbusd:
    | { readonly kind: "up"; readonly node: string }
    | { readonly kind: "down" | "unasked"; readonly why: string };
  readonly hamgrd: HamgrdView;
  readonly peers: readonly PeerView[];
}

export interface BusView {
  readonly slots: readonly SlotBus[];
  /** What hamgrds of other switches say, by node. */
  readonly remotes: ReadonlyMap<string, HamgrdView>;
}

/**
 * Asks every swbusd and hamgrd of this switch, and through them every remote node, all at once. Ends within seconds,
 * whoever is down.
 */
export async function viewBus(
  slots: readonly SwitchSlot[],
  remoteDpus: readonly TableRow[],
  sessions: SlotSessions,
): Promise<BusView> {
  const opened = await Promise.all(slots.map(({ slot }) => sessions.open(slot)));
  const places = remotePlaces(remoteDpus);
  const views = await Promise.all(
    slots.map(async ({ slot, dpu }, i): Promise<SlotBus> => {
      const session = opened[i];
      if (session === undefined || !session.ok) {
        const { asked, text } = session === undefined || session.ok ? NOT_OPENED : session.error;
        const why = asked ? "its swbusd is down" : "its swbusd could not be asked";
        const kind = asked ? "down" : "unasked";
        return { slot, dpu, swbusd: { kind, why: text }, hamgrd: { kind: "silent", why }, peers: [] };
      }
      const { value } = session;
      const [hamgrd, peers] = await Promise.all([
        viewHamgrd(value, value.node),
        Promise.all(places.map((place) => viewPeer(value, place))),
      ]);
      return { slot, dpu, swbusd: { kind: "up", node: String(value.node) }, hamgrd, peers };
    }),
  );
  const askers = new Map<string, SlotSession>();
  for (const [i, { peers }] of views.entries()) {
    const session = opened[i];
    for (const { node, rttMs } of peers) {
      if (node !== undefined && rttMs !== undefined && session?.ok) askers.set(node, askers.get(node) ?? session.value);
    }
  }
  const remotes = await Promise.all(
    [...askers].map(async ([node, session]) => [node, await viewHamgrd(session, session.path(node))] as const),
  );
  return { slots: views, remotes: new Map(remotes) };
}

async function viewHamgrd(session: SlotSession, node: ServicePath): Promise<HamgrdView> {
  const began = systemClock.monotonic();
  const before = systemClock.now();
  const status = await session.questions.status(node);
  const rttMs = systemClock.monotonic() - began;
  if (status.ok) return { kind: "told", status: status.value, rttMs, skewMs: status.value.now - (before + rttMs / 2) };
  return { kind: status.error.kind === "foreign" ? "foreign" : "silent", why: status.error.text };
}

async function viewPeer(session: SlotSession, place: RemotePlace): Promise<PeerView> {
  const node = await session.resolve(place.endpoint, PEER_WITHIN);
  if (!node.ok) {
    return { ...place, node: undefined, rttMs: undefined, why: describeUnresolved(node.error) };
  }
  const path = String(node.value);
  const answered = await session.client.request(node.value, { kind: "ping" }, { timeout: PEER_WITHIN });
  if (!answered.ok) {
    const { error } = answered;
    const why = error.kind === "timeout" ? `no answer within ${error.limit} ms` : describeSendError(error.error);
    return { ...place, node: path, rttMs: undefined, why };
  }
  const { code, text, elapsed } = answered.value;
  return code === SwbusErrorCode.OK
    ? { ...place, node: path, rttMs: elapsed, why: "" }
    : { ...place, node: path, rttMs: undefined, why: `${SwbusErrorCode[code]}: ${text}` };
}
