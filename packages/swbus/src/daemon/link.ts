import { type Clock, type Millis, within } from "@tandem/base";
import { type BusStream, MESSAGE_BYTES_MAX } from "@tandem/wire";
import type { Connection, ConnectionId, ConnectionType } from "../connection-info.js";
import type { Sent } from "../router.js";
import type { ServicePath } from "../service-path.js";

/** Bytes that may wait on a stream before senders are told QUEUE_FULL. */
export const BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

/** One live stream of this swbusd. */
export class Link implements Connection {
  readonly address: string;
  #open = true;
  #congested = false;
  #refusalTold = false;
  #stuck = false;

  constructor(
    readonly id: ConnectionId,
    readonly mode: "dialed" | "accepted",
    readonly type: ConnectionType,
    readonly remote: ServicePath,
    readonly stream: BusStream,
  ) {
    this.address = stream.remote;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Whether more waits than the stream likes, and pausing its senders may help. */
  get pressed(): boolean {
    return this.#congested && !this.#stuck && this.#open;
  }

  /** Waits until what is queued has gone out, at most `limit`; then, until it does, nobody waits for this link again. */
  async relieve(clock: Clock, limit: Millis): Promise<void> {
    const drained = this.stream.drained().then(() => true);
    if ((await within(clock, limit, drained)) === undefined) this.#stuck = this.#congested;
  }

  /** True for the first call in each congestion: something was refused, and somebody should be told. */
  tellRefusal(): boolean {
    const first = !this.#refusalTold;
    this.#refusalTold = true;
    return first;
  }

  /** Queues without waiting. */
  trySend(message: Uint8Array): Sent {
    if (!this.#open || message.length > MESSAGE_BYTES_MAX) return "gone";
    if (this.stream.queuedBytes + message.length > BACKLOG_BYTES_MAX) return "full";
    this.#put(message);
    return "sent";
  }

  /** For route announcements, which are few and must not be lost: queued beyond the bound. */
  sendAlways(message: Uint8Array): void {
    if (this.#open) this.#put(message);
  }

  close(code = 0, detail = ""): void {
    this.#open = false;
    this.stream.close(code, detail);
  }

  #put(message: Uint8Array): void {
    const below = this.stream.send(message);
    if (below || this.#congested) return;
    this.#congested = true;
    void this.stream.drained().then(() => {
      this.#congested = false;
      this.#refusalTold = false;
      this.#stuck = false;
    });
  }
}
