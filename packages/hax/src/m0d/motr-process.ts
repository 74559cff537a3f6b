import { type Millis, seconds, type Timer } from "@tandem/base";
import { type Fid, NULL_FID } from "../fid.js";
import { type Frame, type FrameOf, LINK_VERSION } from "../link/frame.js";
import { Lane, type Outgoing } from "../link/lane.js";
import { decodeHaMessage, encodeHaMessage } from "../motr/codec.js";
import type { HaData, Note, ProcessEvent } from "../motr/message.js";
import type { M0dIdentity, M0dManners, PeerPorts } from "./peer-ports.js";
import { Questions } from "./receiving.js";

/** Messages that wait for hax; one more is refused. */
export const BACKLOG_MAX = 1024;
/** Messages of hax that wait here; a link carries at most 256. */
const WINDOW_OF_HAX = 1024;
/** What is not answered is sent again after a second, then after two, and so on. */
const RESEND_FIRST = seconds(1);
const RESEND_MAX = seconds(16);
/** From a link that hax closed to the question for a new one. */
const RELINK_AFTER = seconds(0.5);

/** One Motr process's side of an HA link over any connection: it asks, tells, answers, and holds hax to Motr's rules. */
export class MotrProcess {
  readonly questions = new Questions();
  readonly #who: M0dIdentity;
  readonly #manners: M0dManners;
  readonly #ports: PeerPorts;
  readonly #lane = new Lane(2n, 1n);
  #window = 0;
  #hax: bigint | undefined;
  #asking: bigint | undefined;
  #requests = 0n;
  #replied = false;
  #consumed = false;
  #link: "none" | "up" | "down" = "none";
  #leaving = false;
  #panic: string | undefined;
  #resend: Timer | undefined;

  constructor(who: M0dIdentity, manners: M0dManners, ports: PeerPorts) {
    this.#who = who;
    this.#manners = manners;
    this.#ports = ports;
  }

  /** Whether a configuration was learnt and the link stands. */
  get working(): boolean {
    return this.#consumed && this.#link === "up";
  }

  get linked(): boolean {
    return this.#link === "up";
  }

  /** Messages that hax has not acknowledged. */
  get backlog(): number {
    return this.#lane.queued;
  }

  get panicked(): string | undefined {
    return this.#panic;
  }

  /** A connection stands. */
  up(): void {
    const { clock, write, reach } = this.#ports;
    const cookie = {
      pid: this.#who.pid,
      timeStart: BigInt(clock.now()) * 1_000_000n,
      uptime: 0n,
      uuid: this.#who.linkId,
    };
    write({ kind: "hello", version: LINK_VERSION, name: `m0d ${this.#who.endpoint}`, cookie });
    reach("hello");
  }

  /** The connection is gone. What hax did not acknowledge is sent again over the next. */
  lost(reason: string): void {
    if (this.#link === "up") this.#link = "down";
    this.#window = 0;
    this.#lane.rewind();
    this.#resend?.cancel();
    this.#resend = undefined;
    this.#ports.tell({ kind: "lost", reason });
  }

  received(frame: Frame): void {
    if (this.#panic !== undefined) return;
    switch (frame.kind) {
      case "welcome":
        this.#welcome(frame);
        return;
      case "entrypointReply":
        this.#reply(frame);
        return;
      case "message":
        this.#message(frame);
        return;
      case "delivered":
      case "notDelivered":
        if (this.#lane.answered(frame.tag) !== "settled") return;
        this.#ports.tell({ kind: frame.kind, tag: frame.tag });
        this.#pump();
        this.#arm(RESEND_FIRST);
        return;
      case "disconnect":
        this.#unlink(frame.reason);
        return;
      case "error":
        this.#ports.tell({ kind: "complaint", text: `hax says ${frame.code}: ${frame.text}` });
        return;
      case "ping":
        this.#ports.write({ kind: "pong" });
        return;
      default:
        return;
    }
  }

  /** Gives false when too much waits for hax already. */
  event(event: ProcessEvent): boolean {
    return this.send(
      { type: "EVENT_PROCESS", event, processType: this.#who.type, pid: this.#who.pid },
      this.#who.process,
    );
  }

  /** Asks for states; `questions.open` lists what waits. */
  get(fids: readonly Fid[]): boolean {
    const sent = this.send(this.questions.get(fids));
    this.#ports.reach("get");
    return sent;
  }

  set(notes: readonly Note[]): boolean {
    return this.send({ type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true, notes });
  }

  send(data: HaData, fid: Fid = NULL_FID): boolean {
    const time = BigInt(this.#ports.clock.now()) * 1_000_000n;
    const message = { fid, sourceProcess: NULL_FID, sourceService: NULL_FID, time, epoch: 0n, data };
    if (this.#lane.offer(message, BACKLOG_MAX) === undefined) return false;
    this.#pump();
    return true;
  }

  /** Tells hax that the link ends; it ends when hax agrees. */
  leave(reason: string): void {
    this.#leaving = true;
    if (this.#link === "up") this.#ports.write({ kind: "linkDisconnecting", link: this.#who.linkId, reason });
  }

  /** Asks for the configuration servers. */
  ask(): void {
    this.#requests += 1n;
    this.#asking = this.#requests;
    const { process, endpoint, gitRev, pid } = this.#who;
    this.#ports.write({
      ...{ kind: "entrypointRequest", request: this.#asking, endpoint, process, gitRev, pid },
      ...{ firstRequest: !this.#replied, generation: this.#requests },
    });
    this.#ports.tell({ kind: "entrypointAsked", first: !this.#replied });
    this.#ports.reach("entrypoint");
  }

  #welcome({ version, name, cookie, window }: FrameOf<"welcome">): void {
    if (version !== LINK_VERSION) {
      this.#ports.tell({ kind: "complaint", text: `hax speaks version ${version}, this process ${LINK_VERSION}` });
      return;
    }
    const another = this.#hax !== undefined && this.#hax !== cookie.uuid;
    this.#hax = cookie.uuid;
    this.#window = window;
    this.#ports.tell({ kind: "connected", hax: name, another });
    if (this.#link === "down" && !this.#leaving) this.#announce(0n);
    if (!this.#consumed || this.#asking !== undefined || another) this.ask();
  }

  #reply(frame: FrameOf<"entrypointReply">): void {
    if (frame.request !== this.#asking) {
      this.#die(`reply to entrypoint request ${frame.request}, which does not wait for one`);
      return;
    }
    this.#asking = undefined;
    this.#replied = true;
    const { confds, quorum, rmFid, rmEndpoint } = frame;
    const control = frame.rc === 0 ? "CONSUME" : "QUERY";
    this.#ports.tell({ kind: "entrypointAnswered", control, confds, quorum, rmFid, rmEndpoint });
    this.#announce(frame.request);
    if (control === "CONSUME") this.#consumed = true;
    else this.#askLater(this.#manners.queryPace);
  }

  /** The link is there with any reply, whatever it says. */
  #announce(request: bigint): void {
    const { linkId, process, endpoint } = this.#who;
    const reused = this.#link !== "none";
    const before = this.#link;
    this.#link = "up";
    this.#ports.write({
      ...{ kind: reused ? "linkReused" : "linkConnected", request, link: linkId, process, endpoint },
      ...{ haxNext: this.#lane.nextIn, peerNext: this.#lane.oldestOut },
    });
    if (before === "up") return;
    this.#ports.tell({ kind: "linked", reused });
    this.#ports.reach("linked");
    this.#pump();
    this.#arm(RESEND_FIRST);
  }

  #message({ tag, bytes }: FrameOf<"message">): void {
    const message = decodeHaMessage(bytes);
    if (!message.ok) {
      this.#die(message.error);
      return;
    }
    switch (this.#lane.arrive(tag, WINDOW_OF_HAX)) {
      case "acknowledged":
        this.#ports.write({ kind: "delivered", link: this.#who.linkId, tag });
        return;
      case "ahead":
        this.#ports.tell({ kind: "complaint", text: `tag ${tag}, expected ${this.#lane.nextIn}: dropped` });
        return;
      case "repeated":
      case "tooMany":
        return;
      case "new":
    }
    this.#ports.tell({ kind: "received", tag, message: message.value });
    this.#ports.reach("message");
    const { data } = message.value;
    if (this.#isAnsweredTwice(data)) {
      this.#deliver(tag);
      return;
    }
    const why = this.questions.take(data);
    if (why !== undefined) {
      this.#die(why);
      return;
    }
    if (data.type === "NVEC" && data.idOfGet !== 0n) this.#ports.tell({ kind: "getAnswered", idOfGet: data.idOfGet });
    if (!this.#manners.noAnswer) this.#later(this.#manners.slow, () => this.#deliver(tag));
  }

  /** A hax that was restarted is asked once more what its predecessor answered and did not acknowledge. */
  #isAnsweredTwice(data: HaData): boolean {
    if (data.type !== "NVEC" || data.idOfGet === 0n || this.questions.waits(data.idOfGet)) return false;
    const { idOfGet } = data;
    return this.#lane.find((sent) => sent.data.type === "NVEC" && sent.data.idOfGet === idOfGet) !== undefined;
  }

  #deliver(tag: bigint): void {
    for (const released of this.#lane.acknowledge(tag))
      if (this.#link === "up") this.#ports.write({ kind: "delivered", link: this.#who.linkId, tag: released });
  }

  #unlink(reason: string): void {
    if (this.#link !== "up") return;
    this.#link = "down";
    this.#lane.rewind();
    this.#ports.write({ kind: "linkDisconnected", link: this.#who.linkId, reason });
    this.#ports.tell({ kind: "unlinked", reason });
    if (this.#leaving) return;
    this.#askLater(RELINK_AFTER);
  }

  #pump(): void {
    if (this.#link !== "up") return;
    const ready: Outgoing[] = [];
    for (let next = this.#lane.next(this.#window); next !== undefined; next = this.#lane.next(this.#window))
      ready.push(next);
    if (this.#manners.outOfOrder) ready.reverse();
    for (const item of ready) this.#write(item, false);
    if (ready.length > 0 && this.#resend === undefined) this.#arm(RESEND_FIRST);
  }

  #write({ tag, message }: Outgoing, repeated: boolean): void {
    const whole = { ...message, tag };
    this.#ports.write({ kind: "message", link: this.#who.linkId, tag, bytes: encodeHaMessage(whole) });
    this.#ports.tell({ kind: "sent", tag, message: whole, repeated });
    if (message.data.type === "EVENT_PROCESS" && message.data.event !== "DTM_RECOVERED")
      this.#ports.reach(STEP_OF[message.data.event]);
  }

  #arm(delay: Millis): void {
    this.#resend?.cancel();
    this.#resend = undefined;
    if (this.#link !== "up" || this.#lane.inFlight === 0) return;
    this.#resend = this.#ports.clock.setTimer(delay, () => {
      if (this.#link !== "up" || this.#panic !== undefined) return;
      this.#lane.rewind();
      for (let next = this.#lane.next(this.#window); next !== undefined; next = this.#lane.next(this.#window))
        this.#write(next, true);
      this.#arm(Math.min(RESEND_MAX, 2 * delay) as Millis);
    });
  }

  #askLater(delay: Millis): void {
    this.#later(delay, () => {
      const needed = !this.#consumed || this.#link === "down";
      if (needed && !this.#leaving && this.#window > 0 && this.#asking === undefined) this.ask();
    });
  }

  #later(delay: Millis, work: () => void): void {
    if (delay === 0) work();
    else
      this.#ports.clock.setTimer(delay, () => {
        if (this.#panic === undefined) work();
      });
  }

  #die(why: string): void {
    this.#panic = why;
    this.#resend?.cancel();
    this.#ports.tell({ kind: "panic", why });
  }
}

const STEP_OF = { STARTING: "starting", STARTED: "started", STOPPING: "stopping", STOPPED: "stopped" } as const;
