import { type Clock, type Millis, millis, type Timer } from "@tandem/base";
import { NULL_FID } from "../fid.js";
import type { HaLink, LinkId } from "../link/ha-link.js";
import type { HaMessage, Note } from "../motr/message.js";
import type { BridgeEvent } from "./bridge-event.js";
import { Herald, type Outcome } from "./core/herald.js";
import { chunksOf } from "./core/service-watch.js";

/** A vector as hax sends it. */
export function setVector(notes: readonly Note[], idOfGet = 0n): Omit<HaMessage, "tag"> {
  return {
    ...{ fid: NULL_FID, sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n },
    data: { type: "NVEC", direction: "SET", idOfGet, ignoreSameState: true, notes },
  };
}

/** Tells states on every link, and knows what became of it. No link waits for another. */
export class Broadcaster {
  readonly herald = new Herald();
  #timer: Timer | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly link: HaLink;
      readonly tell: (event: BridgeEvent) => void;
    },
  ) {}

  /** Ids of all messages of all links. A link that takes none more is closed by its own bound; the others go on. */
  send(
    notes: readonly Note[],
    from: (BridgeEvent & { readonly kind: "broadcast" })["from"],
    links: readonly { readonly id: LinkId }[] = this.parts.link.links(),
  ): readonly string[] {
    const { link, tell } = this.parts;
    const chunks = chunksOf(notes).map((chunk) => setVector(chunk));
    const ids: string[] = [];
    for (const { id } of links)
      for (const message of chunks) {
        const sent = link.send(id, message);
        if (sent.ok) ids.push(messageId(id, sent.value));
        else tell({ kind: "refusedByLink", error: sent.error });
      }
    tell({ kind: "broadcast", from, notes: notes.length, links: links.length });
    return ids;
  }

  /** What became of messages sent in this turn; at `deadline` what is known then. */
  fates(ids: readonly string[], enough: "any" | "all", deadline: Millis): Promise<Outcome> {
    const now = this.parts.clock.monotonic();
    return new Promise((resolve) => {
      this.herald.expect(ids, { deadline, enough, now }, resolve);
      this.#arm();
    });
  }

  fate(link: LinkId, tag: bigint, fate: "delivered" | "notDelivered"): void {
    this.parts.tell({ kind: "fate", fate });
    this.herald.tell(messageId(link, tag), fate, this.parts.clock.monotonic());
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.herald.expire(millis(Number.POSITIVE_INFINITY));
  }

  #arm(): void {
    this.#timer?.cancel();
    const next = this.herald.nextDeadline;
    if (next === undefined) return;
    const { clock } = this.parts;
    this.#timer = clock.setTimer(millis(Math.max(0, next - clock.monotonic())), () => {
      this.herald.expire(clock.monotonic());
      this.#arm();
    });
  }
}

function messageId(link: LinkId, tag: bigint): string {
  return `${link}/${tag}`;
}
