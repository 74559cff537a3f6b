import { err, noCrash, ok, type Result } from "@tandem/base";
import { EventPush, LockstepServer } from "@tandem/swss";
import type { AsicError, EndError } from "../asic-error.js";
import type { ChannelTrouble } from "../channel-trouble.js";
import { LocalClaim } from "../local-claim.js";
import type { AsicNotification } from "../notification.js";
import { ASIC_OPS, isAsicOp } from "../op.js";
import { type AsicReply, FAILURE, replyTo } from "../reply.js";
import type { AsicHandler, AsicServer } from "../transport.js";
import { helloReply, isHello, withId } from "./ids.js";
import { socketOptions, type ZmqChannelOptions } from "./options.js";
import { zmqTraits } from "./traits.js";
import { decodeRequest, encodeNotification, encodeReply, textOf } from "./wire.js";

/** What syncd answers to a request that is none: without an answer the socket could take no other. */
const INVALID = "SAI_STATUS_INVALID_PARAMETER";

/** How long the last reply has to leave when this end is closed, in milliseconds. */
const LINGER_MS = 1000;

/** syncd's end of upstream's ZMQ channel: REP and PUSH. */
export class ZmqChannelServer implements AsicServer {
  readonly traits = zmqTraits();
  readonly #options: ZmqChannelOptions;
  readonly #claim: LocalClaim;
  readonly #requests: LockstepServer;
  readonly #events: EventPush;
  /** A request that is being waited for, or came after this end was told to stop. */
  #next: Promise<readonly Uint8Array[] | undefined> | undefined;
  #closed = false;

  private constructor(options: ZmqChannelOptions, claim: LocalClaim, requests: LockstepServer) {
    this.#options = options;
    this.#claim = claim;
    this.#requests = requests;
    this.#events = new EventPush(options.context.zmqNotificationEndpoint, socketOptions(options, 0));
  }

  static async open(options: ZmqChannelOptions): Promise<Result<ZmqChannelServer, EndError>> {
    const { context, clock, owner } = options;
    const claim = await LocalClaim.take(`zmq:server:${context.zmqEndpoint}`, owner, clock);
    if (!claim.ok) return claim;
    const bound = await LockstepServer.bind(context.zmqEndpoint, socketOptions(options, LINGER_MS));
    if (bound.ok) return ok(new ZmqChannelServer(options, claim.value, bound.value));
    await claim.value[Symbol.asyncDispose]();
    return err({ kind: "unusable", reason: `${bound.error.endpoint}: cannot listen there (${bound.error.detail})` });
  }

  /** Whether a client listens to notifications. */
  get heard(): boolean {
    return this.#events.connected;
  }

  async serve(handler: AsicHandler, signal: AbortSignal): Promise<Result<void, EndError>> {
    const stopped = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    while (!signal.aborted) {
      this.#next ??= this.#requests.receive();
      const frames = await Promise.race([this.#next, stopped]);
      if (signal.aborted) break;
      this.#next = undefined;
      if (frames === undefined) break;
      this.#reach("asic.request.taken");
      await this.#reply(await this.#execute(handler, frames));
      this.#reach("asic.reply.stored");
    }
    return ok();
  }

  async notify(notification: AsicNotification): Promise<Result<void, AsicError>> {
    if (this.#closed) return err({ kind: "closed" });
    const frame = encodeNotification(notification);
    const { messageBytesMax, highWaterMark } = socketOptions(this.#options, 0);
    if (frame.length > messageBytesMax) {
      const reason = `it makes a frame of ${frame.length} bytes, the most is ${messageBytesMax}`;
      return err({ kind: "refused", reason });
    }
    if (await this.#events.push(frame)) return ok();
    const reason = `${highWaterMark} notifications wait for the client at ${this.#options.context.zmqNotificationEndpoint}`;
    return err({ kind: "refused", reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#requests[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
    await this.#claim[Symbol.asyncDispose]();
  }

  async #execute(handler: AsicHandler, frames: readonly Uint8Array[]): Promise<AsicReply> {
    const [frame = new Uint8Array()] = frames;
    const request =
      frames.length === 1 ? decodeRequest(frame) : err({ detail: "one frame was expected", op: undefined });
    if (request.ok) {
      const { request: asked, frameId } = request.value;
      if (isHello(asked)) return helloReply();
      const { id, repeated = false } = frameId ?? {};
      const delivery = { request: asked, id, repeated, unanswered: false, rowsWritten: false };
      const reply = await handler.handle(delivery);
      return frameId === undefined ? reply : { ...reply, fields: withId(reply.fields, frameId) };
    }
    const { detail, op } = request.error;
    this.#trouble({ kind: "malformed", where: this.#options.context.zmqEndpoint, detail, found: textOf(frame) });
    if (op !== undefined && isAsicOp(op)) return replyTo(op, INVALID);
    return { op: ASIC_OPS.create.reply, status: INVALID, fields: [] };
  }

  async #reply(reply: AsicReply): Promise<void> {
    const frame = encodeReply(reply);
    const { messageBytesMax } = socketOptions(this.#options, 0);
    if (frame.length <= messageBytesMax) return this.#requests.send(frame);
    this.#trouble({
      kind: "replyLost",
      detail: `it makes a frame of ${frame.length} bytes, the most is ${messageBytesMax}`,
    });
    return this.#requests.send(encodeReply({ op: reply.op, status: FAILURE, fields: [] }));
  }

  #trouble(trouble: ChannelTrouble): void {
    this.#options.onTrouble?.(trouble);
  }

  #reach(point: "asic.request.taken" | "asic.reply.stored"): void {
    (this.#options.crash ?? noCrash).reach(point);
  }
}
