import { type Json, seconds } from "@tandem/base";
import type { VirtualClock } from "@tandem/base/testing";
import {
  type Answer,
  answerTo,
  dataMessage,
  type EdgeMessage,
  type EdgeRuntime,
  ManagementRequestType,
  newMessage,
  type ServicePath,
  type SwbusErrorCode,
} from "@tandem/swbus/edge";
import type { AnyTable, Fields } from "@tandem/swss";
import { decodePayload, encodeEnvelope } from "../envelope.js";

/** How long anything may take, in virtual time. */
const LIMIT = seconds(5);

/** A request as a fake service received it. */
export interface Received {
  readonly key: string;
  readonly data: Json;
  readonly source: ServicePath;
  readonly id: bigint;
}

export interface Acknowledgement {
  readonly code: SwbusErrorCode;
  readonly text: string;
  /** Who answered. */
  readonly source: ServicePath;
}

/** Somebody at a path of the bus whom a test plays: a bridge, another actor, a tool. */
export class FakeService {
  readonly path: ServicePath;
  readonly #edge: EdgeRuntime;
  readonly #clock: VirtualClock;
  readonly #requests: EdgeMessage[] = [];
  readonly #responses = new Map<bigint, EdgeMessage>();
  readonly #unregister: () => void;
  /** Answers requests as they arrive instead of when `next` takes them; repeats are then still queued. */
  autoAck = false;

  constructor(edge: EdgeRuntime, clock: VirtualClock, path: ServicePath) {
    this.path = path;
    this.#edge = edge;
    this.#clock = clock;
    this.#unregister = edge.register(path, "public", (message) => this.#receive(message));
  }

  /** Sends a message to an actor of the same service and waits for its answer. Throws when none comes. */
  async send(to: ServicePath, key: string, data: Json): Promise<Acknowledgement> {
    const id = this.#edge.newId();
    this.#edge.send(dataMessage(id, this.path, to, { key, data }));
    return this.#answer(id);
  }

  /** The same with bytes, as from another process. */
  async sendBytes(to: ServicePath, payload: Uint8Array): Promise<Acknowledgement> {
    const id = this.#edge.newId();
    this.#edge.send(dataMessage(id, this.path, to, payload));
    return this.#answer(id);
  }

  /** A row, as a consumer bridge sends it; `undefined` for a deleted one. The message key is the table's name. */
  sendRow(to: ServicePath, table: AnyTable, key: string, fields: Fields | undefined): Promise<Acknowledgement> {
    const operation = fields === undefined ? "Del" : "Set";
    return this.send(to, table.name, encodeEnvelope({ key, operation, fields: fields ?? {} }));
  }

  /** The state of an actor (GET_ACTOR_STATE), as JSON text. */
  async actorState(of: ServicePath): Promise<string> {
    const id = this.#edge.newId();
    const type = ManagementRequestType.HAMGRD_GET_ACTOR_STATE;
    this.#edge.send(newMessage(id, this.path, of, { kind: "management", type, args: {} }));
    const { body } = await this.#response(id);
    if (body.kind !== "response" || body.content?.kind !== "value") throw new Error("no state in the answer");
    return body.content.value;
  }

  /** A management request, and how it was answered. */
  async manage(to: ServicePath, type: ManagementRequestType): Promise<Acknowledgement> {
    const id = this.#edge.newId();
    this.#edge.send(newMessage(id, this.path, to, { kind: "management", type, args: {} }));
    return this.#answer(id);
  }

  /** The next request, acknowledged as `answer` says (OK). Throws when none comes. */
  async next(answer: Answer | "silent" = {}): Promise<Received> {
    await this.#clock.advanceUntil(() => this.#requests.length > 0, LIMIT);
    const request = this.#requests.shift();
    if (request?.body.kind !== "data") throw new Error(`no request at ${this.path} within ${LIMIT} ms`);
    const payload = decodePayload(request.body.payload);
    if (payload === undefined) throw new Error(`not an actor message at ${this.path}`);
    if (answer !== "silent" && !this.autoAck) this.#edge.send(answerTo(request, this.#edge.newId(), answer));
    return { ...payload, source: request.source, id: request.id };
  }

  /** Requests that nobody has taken yet. */
  get waiting(): readonly Received[] {
    return this.#requests.flatMap(({ body, source, id }) => {
      const payload = body.kind === "data" ? decodePayload(body.payload) : undefined;
      return payload === undefined ? [] : [{ ...payload, source, id }];
    });
  }

  close(): void {
    this.#unregister();
  }

  #receive(message: EdgeMessage): boolean {
    if (message.body.kind === "response") this.#responses.set(message.body.requestId, message);
    else {
      this.#requests.push(message);
      if (this.autoAck) this.#edge.send(answerTo(message, this.#edge.newId()));
    }
    return true;
  }

  async #answer(id: bigint): Promise<Acknowledgement> {
    const { body, source } = await this.#response(id);
    if (body.kind !== "response") throw new Error("not a response");
    return { code: body.code, text: body.text, source };
  }

  async #response(id: bigint): Promise<EdgeMessage> {
    await this.#clock.advanceUntil(() => this.#responses.has(id), LIMIT);
    const response = this.#responses.get(id);
    if (response === undefined) throw new Error(`no answer to ${id} within ${LIMIT} ms`);
    this.#responses.delete(id);
    return response;
  }
}
