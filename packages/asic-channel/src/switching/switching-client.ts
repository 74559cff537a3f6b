import { type Clock, err, ok, type Result, seconds, within } from "@tandem/base";
import { type Store, untilConnected } from "@tandem/swss";
import type { AsicError, EndError, Owner } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import type { ChannelMode } from "../op.js";
import { EndClaim } from "../redis/end-claim.js";
import type { AsicRequest } from "../request.js";
import type { AsicOutcome } from "../request-line.js";
import { type AsicClient, REPLY_TIMEOUT_DEFAULT, type TransportName, type TransportTraits } from "../transport.js";
import { CLIENTS, type ClientWorld } from "../transports.js";
import { ClientEnd, moveOf } from "./client-end.js";
import { startsOn, VIA_DEFAULT } from "./client-step.js";
import { HeldLine } from "./held-line.js";
import { CLIENT_OWNER, type Mark } from "./mark.js";
import { beginOn, readMark } from "./mark-scripts.js";
import { type Movable, Mover } from "./mover.js";
import type { SwitchEvent } from "./switch-event.js";

/** How long a client waits for the mark at its start; without it, it begins as it was told. */
const MARK_WITHIN = seconds(3);
/** Requests that are held at most while the channel moves, where the transport has no lower bound. */
const HELD_MAX = 100_000;

export interface SwitchingOptions {
  /** Its `mode` is the one that is wanted; transports without it are spoken in their own. */
  readonly world: ClientWorld;
  /** The transport to begin on, unless the channel was moved away from it; absent: where it was moved to, else streams. */
  readonly via?: TransportName;
  readonly onEvent?: (event: SwitchEvent) => void;
  /** Default: `CLIENTS`. */
  readonly open?: (
    name: TransportName,
    world: ClientWorld,
    signal: AbortSignal,
  ) => Promise<Result<AsicClient, EndError>>;
}

/**
 * A client that moves from one transport to another while it is used. Requests go on in order and once: it leaves a transport
 * only when syncd has answered a question behind all that was sent there, and the mark in Redis names the other one. Only
 * one process at a time follows the mark; a second one is refused with the first.
 */
export class SwitchingClient implements AsicClient {
  readonly #clock: Clock;
  readonly #world: ClientWorld;
  readonly #store: Store;
  readonly #closing = new AbortController();
  readonly #mover: Mover;
  readonly #moving: Promise<void>;
  #end: ClientEnd;
  /** Left, and not closed yet. */
  #retiring: ClientEnd | undefined;
  #held: HeldLine | undefined;
  #readers = 0;

  private constructor(options: SwitchingOptions, store: Store, end: ClientEnd, claim: EndClaim | undefined) {
    const { world, onEvent = () => {} } = options;
    this.#clock = world.clock;
    this.#world = world;
    this.#store = store;
    this.#end = end;
    this.#mover = new Mover(
      {
        ...{ store, clock: world.clock, owner: world.owner, crash: world.crashPoint, onEvent },
        open: (name, mode, signal) => (options.open ?? openVia)(name, { ...world, mode }, signal),
        modeOn: (name, syncd) => modeBeside(name, world, syncd),
      },
      this.#movable(),
      claim,
    );
    this.#moving = this.#mover.run(this.#closing.signal);
  }

  /** Rejects only when `signal` aborts. */
  static async open(options: SwitchingOptions, signal: AbortSignal): Promise<Result<SwitchingClient, EndError>> {
    const { world, via, onEvent } = options;
    const opened = world.stores.open({ db: world.context.dbAsic });
    if (!opened.ok) return err({ kind: "unusable", reason: `no database ${world.context.dbAsic}` });
    const store = opened.value;
    let claim: EndClaim | undefined;
    const fail = async (error: EndError): Promise<Result<never, EndError>> => {
      await claim?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      return err(error);
    };
    const mark = await markSoon(store, world.clock, signal);
    const place = mark === undefined ? { transport: via ?? VIA_DEFAULT, generation: 0 } : startsOn(via, mark);
    if (mark?.serves.includes(place.transport) === true) {
      const taken = await EndClaim.take(store, CLIENT_OWNER, world.owner);
      if (taken.ok) claim = taken.value;
      else if (taken.error.kind === "taken") return fail(taken.error);
    }
    const told = via === undefined || place.transport === via;
    const mode = told ? ok(ownMode(place.transport, world)) : modeBeside(place.transport, world, mark?.mode);
    if (!mode.ok) return fail({ kind: "unusable", reason: `${place.transport}: ${mode.error}` });
    const open = options.open ?? openVia;
    try {
      const client = await open(place.transport, { ...world, mode: mode.value }, signal);
      if (!client.ok) return fail(client.error);
      if (!told) onEvent?.({ kind: "begins", on: place.transport, told: via });
      if (claim !== undefined) await beginOn(store, place.transport);
      const end = new ClientEnd(place.transport, client.value, place.generation);
      return ok(new SwitchingClient(options, store, end, claim));
    } catch (aborted) {
      await fail({ kind: "unusable", reason: "it was given up" });
      throw aborted;
    }
  }

  /** The transport that is used now. */
  get transport(): TransportName {
    return this.#end.transport;
  }

  get traits(): TransportTraits {
    return this.#end.client.traits;
  }

  get mode(): ChannelMode {
    return this.#end.client.mode;
  }

  /** What is held while the channel moves has its own time from then on: at most 5 s more, unless Redis is gone. */
  request(request: AsicRequest, signal?: AbortSignal): Promise<AsicOutcome> {
    if (this.#closing.signal.aborted) return Promise.resolve(err<AsicError>({ kind: "closed" }));
    return this.#held === undefined ? this.#end.send(request, signal) : this.#held.add(request, signal);
  }

  /** Those of the transport that is left first, up to the last one; one reader at a time. */
  async *notifications(signal: AbortSignal): AsyncGenerator<AsicNotification> {
    this.#readers += 1;
    try {
      while (!signal.aborted && !this.#closing.signal.aborted) {
        const end = this.#retiring ?? this.#end;
        for await (const event of end.client.notifications(AbortSignal.any([signal, end.left]))) {
          const move = moveOf(event);
          if (move === undefined) yield event;
          else if (move > end.generation) {
            end.leave();
            break;
          }
        }
        if (this.#retiring === end) this.#retiring = undefined;
        // It ended although it is used: another process has it.
        else if (this.#end === end && !end.left.aborted) return;
      }
    } finally {
      this.#readers -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#held?.close();
    this.#held = undefined;
    await this.#end.client[Symbol.asyncDispose]();
    await this.#moving;
    await this.#mover[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  #movable(): Movable {
    const self = this;
    return {
      get end() {
        return self.#end;
      },
      get readers() {
        return self.#readers;
      },
      hold: () => {
        const limit = Math.min(this.traits.requestsInFlightMax, HELD_MAX);
        this.#held ??= new HeldLine(this.#clock, this.#world.replyTimeout ?? REPLY_TIMEOUT_DEFAULT, limit);
      },
      release: () => this.#release(),
      replace: (end) => {
        this.#retiring = this.#end;
        this.#end = end;
        this.#release();
      },
      displaced: (owner) => this.#displaced(owner),
    };
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release((request, signal) => this.#end.send(request, signal));
  }

  #displaced(owner: Owner | undefined): void {
    this.#world.onTrouble?.({ kind: "displaced", owner });
    void this[Symbol.asyncDispose]();
  }
}

/** The mark, if Redis gives one soon. */
async function markSoon(store: Store, clock: Clock, signal: AbortSignal): Promise<Mark | undefined> {
  const waiting = new AbortController();
  const ended = AbortSignal.any([signal, waiting.signal]);
  const reading = untilConnected(store, ended).then(
    () => readMark(store),
    () => undefined,
  );
  const mark = await within(clock, MARK_WITHIN, reading);
  waiting.abort();
  return mark?.ok === true ? mark.value : undefined;
}

async function openVia(
  name: TransportName,
  world: ClientWorld,
  signal: AbortSignal,
): Promise<Result<AsicClient, EndError>> {
  const open = await CLIENTS[name]?.();
  return open === undefined ? err({ kind: "unusable", reason: `${name} has no client` }) : open(world, signal);
}

/** Some transports answer each request, whatever is wanted. */
function ownMode(name: TransportName, { mode, outbox }: ClientWorld): ChannelMode {
  return name === "grpc" || (name === "zmq" && outbox !== true) ? "sync" : mode;
}

/** Both ends of most transports work alike; a caller that waits for replies must not be moved to where there are none. */
function modeBeside(
  name: TransportName,
  world: ClientWorld,
  syncd: ChannelMode | undefined,
): Result<ChannelMode, string> {
  const own = ownMode(name, world);
  if (own === "sync" && world.mode === "async") return ok("sync");
  if (name === "grpc" || name === "zmq" || syncd === undefined || syncd === own) return ok(own);
  if (syncd === "sync") return ok("sync");
  return err(`syncd works in async mode there, and this client waits for replies`);
}
