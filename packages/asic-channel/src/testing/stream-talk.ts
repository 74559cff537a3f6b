import { unwrap } from "@tandem/base";
import type { Store } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { finishRequests, openClient, publish, storeRequests } from "../streams/scripts.js";
import { decodeRange, decodeRequest, GROUP, REQUEST_STREAM } from "../streams/wire.js";

const PLENTY = { requests: 1_000_000, bytes: 1e12, retained: 1e12 };

/** Both ends of the streams at once, step by step, through the scripts of the real ones. */
export class StreamTalk {
  readonly #store: Store;
  readonly #keep: number;
  readonly #epoch: string;
  #number = 0;

  private constructor(store: Store, epoch: string, keep: number) {
    this.#store = store;
    this.#epoch = epoch;
    this.#keep = keep;
  }

  static async begin(store: Store, epoch: string, keep = 1_000_000): Promise<StreamTalk> {
    unwrap(await openClient(store, epoch));
    await store.command(["XGROUP", "CREATE", REQUEST_STREAM, GROUP, "0", "MKSTREAM"]);
    return new StreamTalk(store, epoch, keep);
  }

  async ask(...requests: readonly AsicRequest[]): Promise<void> {
    const numbered = requests.map((request) => {
      this.#number += 1;
      return { number: this.#number, request, answered: true };
    });
    unwrap(await storeRequests(this.#store, this.#epoch, PLENTY, numbered));
  }

  /** Finishes the oldest requests, each with its reply or with none. */
  async answer(...replies: readonly (AsicReply | undefined)[]): Promise<void> {
    const taken = unwrap(
      await this.#store.command([
        "XREADGROUP",
        "GROUP",
        GROUP,
        "syncd",
        "COUNT",
        String(replies.length),
        "STREAMS",
        REQUEST_STREAM,
        ">",
      ]),
    ) as readonly (readonly [string, Parameters<typeof decodeRange>[0]])[];
    const finished = decodeRange(taken[0]?.[1] ?? []).map(({ position, fields }, i) => {
      const { id, size } = unwrap(decodeRequest(fields ?? new Map()));
      return { position, id, size, reply: replies[i] };
    });
    unwrap(await finishRequests(this.#store, this.#keep, finished));
  }

  async publish(notification: AsicNotification): Promise<void> {
    unwrap(await publish(this.#store, this.#keep, notification));
  }
}
