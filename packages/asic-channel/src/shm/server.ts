import { err, noCrash, ok, type Result, seconds, sleep } from "@tandem/base";
import type { AsicError, EndError } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS, isAnswered, isAsicOp } from "../op.js";
import { type AsicReply, FAILURE, replyTo, SUCCESS } from "../reply.js";
import type { AsicHandler, AsicServer } from "../transport.js";
import { decodeRequest, encodeNotification, encodeReply, textOf } from "../zmq/wire.js";
import { withAsked } from "./asked.js";
import { ChannelFile } from "./channel-file.js";
import type { ShmChannelOptions } from "./options.js";
import type { RingRecord } from "./ring.js";
import { shmTraits } from "./traits.js";
import { requestId } from "./wire.js";

const INVALID = "SAI_STATUS_INVALID_PARAMETER";

/** Requests after which everything else of the process has its turn. */
const BATCH = 64;

/** How often the server looks whether there is room for a reply, and whether anybody reads. */
const ROOM_EVERY = seconds(0.01);

/** syncd's end of a channel in shared memory. */
export class ShmChannelServer implements AsicServer {
  readonly traits = shmTraits();
  readonly #options: ShmChannelOptions;
  readonly #file: ChannelFile;
  readonly #closing = new AbortController();
  /** The request that a server before this one had in hand. */
  readonly #inHand: number;

  private constructor(options: ShmChannelOptions, file: ChannelFile) {
    this.#options = options;
    this.#file = file;
    this.#inHand = file.requests.taken;
    file.requests.recoverConsumer();
    for (const [ring, what] of [
      [file.replies, "a reply"],
      [file.notifications, "a notification"],
    ] as const)
      if (ring.recoverProducer().torn)
        this.#malformed(`${what} was expected`, "half of one: the server before this one died");
  }

  static async open(options: ShmChannelOptions): Promise<Result<ShmChannelServer, EndError>> {
    const file = ChannelFile.open(options, "server");
    return file.ok ? ok(new ShmChannelServer(options, file.value)) : file;
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    const { requests, lookout } = this.#file;
    for (let served = 1; !ended.aborted; served++) {
      const next = requests.peek();
      if (next === undefined) {
        await lookout.until(() => requests.peek() !== undefined, ended);
      } else if (next.kind === "damaged") {
        this.#malformed("a request was expected", next.damage.detail);
        requests.release(next.damage.next, undefined);
      } else {
        await this.#execute(handler, next.record);
        if (served % BATCH === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
    return ok();
  }

  async notify(notification: AsicNotification): Promise<Result<void, AsicError>> {
    if (this.#closing.signal.aborted) return err({ kind: "closed" });
    const { notifications, epoch } = this.#file;
    const payload = encodeNotification(notification);
    if (payload.length > notifications.payloadMax)
      return err({
        kind: "refused",
        reason: `it makes ${payload.length} bytes, the most is ${notifications.payloadMax}`,
      });
    if (notifications.put(payload, epoch, this.#options.clock.now()) === undefined) {
      const reason = `${notifications.used} bytes of notifications wait for the client in ${this.#options.path}`;
      return err({ kind: "refused", reason });
    }
    this.#file.wakeOther();
    return ok();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#file.close();
  }

  async #execute(handler: AsicHandler, { payload, sequence, epoch, next }: RingRecord): Promise<void> {
    const { requests } = this.#file;
    const repeated = sequence === this.#inHand;
    requests.take(sequence);
    this.#reach("asic.request.taken");
    const decoded = decodeRequest(payload);
    let reply: AsicReply | undefined;
    if (decoded.ok) {
      const { request } = decoded.value;
      const unanswered = !isAnswered(request.op, this.#options.mode);
      const id = requestId(epoch, sequence);
      const answer = await handler.handle({ request, id, repeated, unanswered, rowsWritten: false });
      if (!unanswered) reply = answer;
      // Who was told that it is accepted must still hear that it is not done.
      else if (answer.status !== SUCCESS) reply = withAsked(answer, request);
    } else {
      const { detail, op } = decoded.error;
      this.#malformed(detail, textOf(payload));
      reply =
        op !== undefined && isAsicOp(op)
          ? replyTo(op, INVALID)
          : { op: ASIC_OPS.create.reply, status: INVALID, fields: [] };
    }
    // Whoever has the file by then takes it again.
    if (this.#closing.signal.aborted) return;
    if (reply !== undefined) await this.#reply(reply, sequence, epoch);
    if (this.#closing.signal.aborted) return;
    this.#reach("asic.reply.stored");
    requests.release(next, sequence);
    this.#reach("asic.request.acked");
  }

  /** Nobody waits for the reply to a client that is gone. */
  async #reply(reply: AsicReply, sequence: number, epoch: number): Promise<void> {
    const { replies } = this.#file;
    let payload = encodeReply(reply);
    if (payload.length > replies.payloadMax) {
      this.#trouble({
        kind: "replyLost",
        detail: `it makes ${payload.length} bytes, the most is ${replies.payloadMax}`,
      });
      payload = encodeReply({ op: reply.op, status: FAILURE, fields: [] });
    }
    const { clock } = this.#options;
    while (epoch === this.#file.epoch) {
      if (replies.put(payload, epoch, clock.now(), sequence) !== undefined) {
        this.#file.wakeOther();
        return;
      }
      if (!this.#file.isHeld("client")) return;
      await sleep(clock, ROOM_EVERY, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
    }
  }

  #malformed(detail: string, found: string): void {
    this.#trouble({ kind: "malformed", where: this.#options.path, detail, found });
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }

  #reach(point: "asic.request.taken" | "asic.reply.stored" | "asic.request.acked"): void {
    (this.#options.crash ?? noCrash).reach(point);
  }
}
