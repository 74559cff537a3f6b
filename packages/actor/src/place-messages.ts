import type { Json } from "@tandem/base";
import {
  type Answer,
  answerTo,
  type EdgeMessage,
  ManagementRequestType,
  type Origin,
  type ServicePath,
  type StructuredPayload,
  SwbusErrorCode,
} from "@tandem/swbus/edge";
import { dumpPlace } from "./dump.js";
import { BRIDGE_TYPE, decodeEnvelope, decodePayload, isObject } from "./envelope.js";
import type { Place } from "./place.js";
import type { PlaceHost } from "./place-host.js";
import { payloadHash, RepeatWindow } from "./repeat-window.js";
import { isFarewell } from "./tellings.js";
import { type Trace, traceFromWire, traceMark } from "./trace.js";

/** Messages that may wait for one actor; beyond it senders are told that its queue is full. */
const MESSAGES_WAITING_MAX = 1000;

/** How a message is answered, and what follows after the answer. */
interface Taken {
  readonly answer: Answer;
  readonly act?: () => void;
}

const RECEIVED: Taken = { answer: {} };

function refused(code: SwbusErrorCode, text: string): Taken {
  return { answer: { code, text } };
}

/** What is kept of the newest message of a key, for dumps. */
export interface Incoming {
  readonly data: Json;
  readonly source: ServicePath;
  readonly requestId: bigint;
  readonly version: number;
  /** Wall-clock times. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * The door of an actor: turns messages into changes. Everything understood is answered OK at once, which acknowledges
 * receipt and no more; repeats are answered again and go no further.
 */
export class PlaceMessages {
  readonly #host: PlaceHost;
  readonly #place: Place;
  readonly #repeats = new RepeatWindow();
  readonly #incoming = new Map<string, Incoming>();

  constructor(host: PlaceHost, place: Place) {
    this.#host = host;
    this.#place = place;
  }

  /** Newest message per key, of keys that this actor understands: bounded by those. */
  get incoming(): ReadonlyMap<string, Incoming> {
    return this.#incoming;
  }

  /** False when there is no room; the sender repeats it. */
  receive(message: EdgeMessage, origin: Origin): boolean {
    const { body } = message;
    switch (body.kind) {
      case "response":
        this.#host.outbox.answer(body.requestId, body.code, body.text, message.source);
        return true;
      case "management":
        this.#answer(message, this.#manage(body.type));
        return true;
      case "data": {
        const { tallies } = this.#host;
        if (this.#place.mailWaiting >= MESSAGES_WAITING_MAX) {
          tallies.turnedAway += 1;
          return false;
        }
        const repeat = origin === "bus" && this.#isRepeat(message, body.payload);
        if (repeat) tallies.repeats += 1;
        const taken = repeat ? RECEIVED : this.#take(message, decodePayload(body.payload));
        this.#answer(message, taken.answer);
        taken.act?.();
        return true;
      }
      default:
        return true;
    }
  }

  #isRepeat({ source, id }: EdgeMessage, payload: Uint8Array | StructuredPayload): boolean {
    const hash = payload instanceof Uint8Array ? payloadHash(payload) : 0;
    return this.#repeats.isRepeat(`${source.key}\0${id}\0${hash}`);
  }

  #manage(type: ManagementRequestType): Answer {
    if (type === ManagementRequestType.HAMGRD_GET_ACTOR_STATE) {
      return { content: { kind: "value", value: dumpPlace(this.#host, this.#place) } };
    }
    const name = type === ManagementRequestType.SWBUSD_GET_ROUTES ? "SwbusdGetRoutes" : "SwbusdResolvePeerSp";
    return { code: SwbusErrorCode.INVALID_ARGS, text: `Unsupported request type: ${name}` };
  }

  #take(message: EdgeMessage, payload: StructuredPayload | undefined): Taken {
    if (payload === undefined) {
      this.#reportBad(message, "");
      return refused(SwbusErrorCode.INVALID_PAYLOAD, "cannot decode as ActorMessage");
    }
    this.#host.tallies.received(this.#place.definition.type, payload.key);
    if (message.source.resourceType === BRIDGE_TYPE) return this.#takeRow(message, payload);
    if (!this.#place.isWanted) return refused(SwbusErrorCode.NO_ROUTE, "actor doesn't exist: it is being removed");
    const { publisher } = this.#place;
    const { key, data } = payload;
    if (publisher !== undefined && key.startsWith(`${publisher.port.register}|`)) {
      this.#note(message, payload);
      const active = isObject(data) && data["active"] === true;
      return { answer: {}, act: () => publisher.register(message.source, active) };
    }
    return this.#takeState(message, payload) ?? this.#takeTold(message, payload) ?? this.#bad(message, payload);
  }

  /** The state of a provider that this actor wants. */
  #takeState(message: EdgeMessage, payload: StructuredPayload): Taken | undefined {
    const wanted = this.#place.wants.portOf(payload.key);
    if (wanted === undefined) return this.#place.wants.wasWanted(payload.key) ? RECEIVED : undefined;
    const state: unknown = wanted.port.decode(payload.data);
    if (state === undefined) return this.#bad(message, payload);
    this.#note(message, payload);
    const change = { kind: "state", ...wanted } as const;
    this.#place.push({ trace: this.#traceOf(payload), change, state });
    return RECEIVED;
  }

  /** What an actor tells that this one never asked. */
  #takeTold(message: EdgeMessage, payload: StructuredPayload): Taken | undefined {
    const bar = payload.key.indexOf("|");
    const port = this.#place.definition.hears?.find(({ key }) => key === payload.key.slice(0, Math.max(0, bar)));
    if (port === undefined) return undefined;
    const change = { kind: "told", port, id: payload.key.slice(bar + 1) } as const;
    const trace = this.#traceOf(payload);
    if (isFarewell(payload.data)) {
      this.#incoming.delete(payload.key);
      this.#place.push({ trace, change });
      return RECEIVED;
    }
    const state: unknown = port.decode(payload.data);
    if (state === undefined) return this.#bad(message, payload);
    this.#note(message, payload);
    this.#place.push({ trace, change, state });
    return RECEIVED;
  }

  #takeRow(message: EdgeMessage, payload: StructuredPayload): Taken {
    const envelope = decodeEnvelope(payload.data);
    if (envelope === undefined) return refused(SwbusErrorCode.INVALID_PAYLOAD, "cannot decode as ActorMessage");
    const { key, operation, fields } = envelope;
    if (!this.#place.isWanted && operation === "Del") {
      return refused(SwbusErrorCode.NO_ROUTE, "actor doesn't exist: won't create actor for DEL kfv");
    }
    const row = { key, fields: operation === "Set" ? fields : undefined };
    const refusal = this.#host.feedRow(message.source, payload.key, row);
    return refusal === undefined ? RECEIVED : refused(SwbusErrorCode.FAIL, refusal);
  }

  /** Understood by nobody: acknowledged, so that it is not repeated, and reported. */
  #bad(message: EdgeMessage, { key }: StructuredPayload): Taken {
    this.#reportBad(message, key);
    return RECEIVED;
  }

  #reportBad({ source }: EdgeMessage, key: string): void {
    this.#host.tallies.notUnderstood += 1;
    this.#host.emit({ kind: "badMessage", actor: this.#place.name, source: source.toString(), key });
  }

  #traceOf({ key, data, trace }: StructuredPayload): Trace {
    const { clock, newTrace } = this.#host;
    return traceMark(data)?.trace ?? traceFromWire(trace, clock.monotonic()) ?? newTrace(`message ${key}`);
  }

  #note({ source, id }: EdgeMessage, { key, data }: StructuredPayload): void {
    const known = this.#incoming.get(key);
    const now = this.#host.clock.now();
    const version = (known?.version ?? 0) + 1;
    const createdAt = known?.createdAt ?? now;
    this.#incoming.set(key, { data, source, requestId: id, version, createdAt, updatedAt: now });
  }

  #answer(request: EdgeMessage, answer: Answer): void {
    const { edge } = this.#host;
    // An answer that cannot go out is asked for again by the next repeat.
    edge.send(answerTo(request, edge.newId(), { source: this.#place.path, ...answer }));
  }
}
