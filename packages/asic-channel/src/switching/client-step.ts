import type { TransportName } from "../transport.js";
import type { Mark, Wish } from "./mark.js";

/** What a client knows of itself. */
export interface ClientPlace {
  readonly transport: TransportName;
  /** The move that brought it there, or the newest that it knows of; 0 before any. */
  readonly generation: number;
  /** It holds the claim of the one client that follows the mark. */
  readonly claimed: boolean;
}

/** What a client does about the mark. */
export type ClientStep =
  | { readonly kind: "nothing" }
  /** It takes the claim, so that it is the one that follows. */
  | { readonly kind: "claim" }
  /** It says what it uses, since nobody has moved the channel yet. */
  | { readonly kind: "begin" }
  /** Redis has forgotten the move that brought it here. */
  | { readonly kind: "raise" }
  /** The channel was moved while this client was not looking. */
  | { readonly kind: "catchUp"; readonly to: TransportName; readonly generation: number }
  | { readonly kind: "move"; readonly wish: Wish };

/**
 * One look at the mark. It is about this client only where syncd itself serves the transport that it uses: behind a gateway
 * syncd serves another one, and moving that is the gateway's.
 */
export function clientStep(place: ClientPlace, mark: Mark): ClientStep {
  const { transport, generation, claimed } = place;
  if (claimed && mark.generation < generation) return { kind: "raise" };
  if (!mark.serves.includes(transport)) return { kind: "nothing" };
  if (!claimed) return { kind: "claim" };
  if (mark.generation > generation && mark.transport !== undefined)
    return { kind: "catchUp", to: mark.transport, generation: mark.generation };
  if (mark.wish === undefined) return mark.transport === transport ? { kind: "nothing" } : { kind: "begin" };
  return mark.wish.ready && mark.transport === transport ? { kind: "move", wish: mark.wish } : { kind: "nothing" };
}

/** Where a client begins that was told nothing, on a channel that nobody has moved. */
export const VIA_DEFAULT: TransportName = "streams";

/**
 * Where a client begins, of what it was told and what the mark says. What it was told counts until the channel is moved, and
 * where syncd does not serve it: then whoever serves it is no part of this channel.
 */
export function startsOn(
  told: TransportName | undefined,
  { transport, generation, serves }: Mark,
): { readonly transport: TransportName; readonly generation: number } {
  const own = told ?? VIA_DEFAULT;
  if (generation === 0 || transport === undefined) return { transport: own, generation: 0 };
  if (told !== undefined && told !== transport && !serves.includes(told)) return { transport: told, generation: 0 };
  return { transport, generation };
}
