import type { TransportName } from "../transport.js";
import type { Mark } from "./mark.js";

/** What was wished for. */
export interface AskedMove {
  readonly id: string;
  readonly to: TransportName;
  /** Moves before it. */
  readonly generation: number;
}

/** Who a move depends on, in words; absent when that process is gone. */
export interface Movers {
  readonly client: string | undefined;
  readonly syncd: string | undefined;
}

/** How far a move is. */
export type Progress =
  | { readonly kind: "waits"; readonly for: string }
  | { readonly kind: "moved"; readonly waited: number }
  | { readonly kind: "refused"; readonly reason: string }
  /** It was withdrawn, or its time has run out. */
  | { readonly kind: "over" };

/** How far a move is, by the mark. */
export function progressOf(asked: AskedMove, mark: Mark, { client, syncd }: Movers): Progress {
  const { refused, generation, transport, wish, followed, waited = 0 } = mark;
  if (refused?.id === asked.id) return { kind: "refused", reason: refused.reason };
  if (generation > asked.generation && transport === asked.to) {
    if (followed >= generation) return { kind: "moved", waited };
    return { kind: "waits", for: `${syncd ?? "syncd, which is gone,"} to turn to ${asked.to}` };
  }
  if (wish?.id !== asked.id) return { kind: "over" };
  if (!wish.ready) return { kind: "waits", for: `${syncd ?? "syncd, which is gone,"} to open ${asked.to}` };
  const who = client ?? "the client, which is gone,";
  return { kind: "waits", for: `${who} ${wish.step === "" ? "to see the wish" : wish.step}` };
}
