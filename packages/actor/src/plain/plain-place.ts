import { backoffDelay, type Json, type Millis, millis, type Result, seconds, sleep, type Timer } from "@tandem/base";
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
import { dumpIncoming, dumpInternal, dumpQueued, dumpSent } from "../dump-format.js";
import { decodePayload } from "../envelope.js";
import { type ExactJson, exactJson } from "../exact-json.js";
import { payloadHash, RepeatWindow } from "../repeat-window.js";
import { SentLog } from "../sent-log.js";
import type { PlainActor, PlainContext, PlainDefinition } from "./define-plain-actor.js";
import { IncomingTable } from "./incoming-table.js";
import { InternalTables } from "./internal-tables.js";
import type { PlainHost } from "./plain-host.js";

/** Messages that wait for the handler; beyond it senders are told that the queue is full. */
const WAITING_MAX = 10_000;
const RESTART = { first: millis(10), max: seconds(10) };
const STORE_PAUSE = { first: millis(10), max: seconds(1) };

interface Letter {
  readonly payload: StructuredPayload;
  readonly source: ServicePath;
  readonly requestId: bigint;
}

interface Queued {
  readonly to: ServicePath;
  readonly key: string;
  readonly data: Json;
  readonly delay: Millis;
}

interface Delayed extends Queued {
  readonly dueAt: Millis;
  readonly timer: Timer;
}

/** Where one plain actor lives: mailbox, handler loop, commit, sends. */
export class PlainPlace {
  readonly path: ServicePath;
  readonly incoming = new IncomingTable();
  readonly internal = new InternalTables((attempt, failure) => this.#storeFailed(attempt, failure));
  readonly #host: PlainHost;
  readonly #definition: PlainDefinition;
  readonly #id: string;
  readonly #context: PlainContext;
  readonly #repeats = new RepeatWindow();
  readonly #sent = new SentLog();
  readonly #unregister: () => void;
  readonly #stop = new AbortController();
  readonly #delayed = new Set<Delayed>();
  #letters: Letter[] = [];
  #queued: Queued[] = [];
  #actor: PlainActor | undefined;
  #running = false;
  #stopping = false;
  #crashes = 0;

  constructor(host: PlainHost, definition: PlainDefinition, id: string) {
    this.#host = host;
    this.#definition = definition;
    this.#id = id;
    this.path = host.edge.basePath.withResource(definition.type, id);
    this.#context = {
      path: this.path,
      incoming: this.incoming,
      internal: this.internal,
      send: (to, key, data) => this.#queued.push({ to, key, data, delay: millis(0) }),
      sendAfter: (delay, to, key, data) => this.#queued.push({ to, key, data, delay }),
      stop: () => {
        this.#stopping = true;
      },
    };
    this.#unregister = host.edge.register(this.path, "public", (message, origin) => this.#receive(message, origin));
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
    this.#unregister();
    this.#dropDelayed();
    this.#host.ended(this);
  }

  #receive(message: EdgeMessage, origin: Origin): boolean {
    const { body } = message;
    switch (body.kind) {
      case "response":
        this.#host.outbox.answer(body.requestId, body.code, body.text, message.source);
        return true;
      case "management":
        this.#answer(message, this.#manage(body.type));
        return true;
      case "data":
        return this.#takeData(message, body.payload, origin);
      default:
        return true;
    }
  }

  #takeData(message: EdgeMessage, bytes: Uint8Array | StructuredPayload, origin: Origin): boolean {
    const { source, id } = message;
    if (this.#stopping) {
      this.#answer(message, { text: "Request ignored: actor has been marked for deletion" });
      return true;
    }
    if (this.#letters.length >= WAITING_MAX) return false;
    const payload = decodePayload(bytes);
    if (payload === undefined) {
      this.#answer(message, { code: SwbusErrorCode.INVALID_PAYLOAD, text: "cannot decode as ActorMessage" });
      return true;
    }
    const hash = bytes instanceof Uint8Array && origin === "bus" ? payloadHash(bytes) : 0;
    const repeat = this.#repeats.isRepeat(`${source.key}\0${id}\0${hash}`);
    this.#answer(message, {});
    if (repeat) return true;
    this.#letters.push({ payload, source, requestId: id });
    if (!this.#running) void this.#run();
    return true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    // The caller returns first: handlers never run inside a send.
    await Promise.resolve();
    while (!this.#stop.signal.aborted) {
      if (this.#actor === undefined && !(await this.#begin())) continue;
      const letter = this.#stopping ? undefined : this.#letters.shift();
      if (letter === undefined) break;
      await this.#handle(letter);
    }
    this.#running = false;
    if (this.#stopping) this.#endWhenQuiet();
  }

  /** A life begins. False when it ended at once; the next one begins after a pause. */
  async #begin(): Promise<boolean> {
    try {
      const actor = this.#definition.create(this.#id);
      await actor.init?.(this.#context);
      this.#actor = actor;
    } catch (error) {
      await this.#crashed(error);
      return false;
    }
    await this.#finish();
    return true;
  }

  async #handle({ payload, source, requestId }: Letter): Promise<void> {
    const { key, data } = payload;
    this.incoming.put(key, { data, source, requestId }, this.#host.clock.now());
    let outcome: Result<void, string> | undefined;
    try {
      outcome = await this.#actor?.handle(this.#context, { key, data, source });
    } catch (error) {
      this.incoming.handled(key, `Fail (${describe(error)})`);
      await this.#crashed(error);
      return;
    }
    if (outcome !== undefined && !outcome.ok) {
      this.#rollback();
      this.incoming.handled(key, `Fail (${outcome.error})`);
      return;
    }
    this.incoming.handled(key, "Ok");
    this.#crashes = 0;
    await this.#finish();
  }

  /** Persists, then sends. */
  async #finish(): Promise<void> {
    const { clock, crashPoint } = this.#host;
    crashPoint.reach("actor.commit.before");
    if (!(await this.internal.commit(clock))) return;
    crashPoint.reach("actor.commit.persisted");
    for (const message of this.#queued.splice(0)) this.#dispatch(message);
  }

  #dispatch(message: Queued): void {
    if (message.delay <= 0) {
      this.#post(message);
      return;
    }
    const { clock } = this.#host;
    const timer = clock.setTimer(message.delay, () => {
      this.#delayed.delete(delayed);
      this.#post(message);
    });
    const delayed: Delayed = { ...message, dueAt: millis(clock.now() + message.delay), timer };
    this.#delayed.add(delayed);
  }

  #post({ to, key, data }: Queued): void {
    const onSettled = (): void => {
      if (this.#stopping && !this.#running) this.#endWhenQuiet();
    };
    this.#host.outbox.post({
      source: this.path,
      destination: to,
      key,
      data,
      purpose: "message",
      log: this.#sent,
      onSettled,
    });
  }

  /** Two actors that stop at once do not wait for each other: answers are taken until the end. */
  #endWhenQuiet(): void {
    this.#dropDelayed();
    for (const { source } of this.#host.outbox.entries()) if (source.equals(this.path)) return;
    this.close();
  }

  #dropDelayed(): void {
    for (const { timer } of this.#delayed) timer.cancel();
    this.#delayed.clear();
  }

  #rollback(): void {
    this.internal.rollback();
    this.#queued = [];
  }

  async #crashed(error: unknown): Promise<void> {
    this.#rollback();
    this.#actor = undefined;
    this.internal.clear();
    const restartIn = backoffDelay(RESTART, this.#crashes, this.#host.random);
    this.#crashes += 1;
    const actor = `${this.#definition.type}/${this.#id}`;
    this.#host.emit({ kind: "crashed", actor, detail: describe(error), crashes: this.#crashes, restartIn });
    await this.#pause(restartIn);
  }

  #storeFailed(attempt: number, detail: string): Promise<boolean> {
    this.#host.emit({ kind: "storeFailed", where: `rows of ${this.path}`, detail });
    return this.#pause(backoffDelay(STORE_PAUSE, attempt, this.#host.random));
  }

  /** False when closed meanwhile. */
  async #pause(delay: Millis): Promise<boolean> {
    try {
      await sleep(this.#host.clock, delay, this.#stop.signal);
      return true;
    } catch {
      return false;
    }
  }

  #manage(type: ManagementRequestType): Answer {
    if (type === ManagementRequestType.HAMGRD_GET_ACTOR_STATE) {
      return { content: { kind: "value", value: this.#dump() } };
    }
    const name = type === ManagementRequestType.SWBUSD_GET_ROUTES ? "SwbusdGetRoutes" : "SwbusdResolvePeerSp";
    return { code: SwbusErrorCode.INVALID_ARGS, text: `Unsupported request type: ${name}` };
  }

  #dump(): string {
    const incoming: Record<string, ExactJson> = {};
    for (const entry of this.incoming.dump()) incoming[entry.key] = dumpIncoming(entry);
    const internal: Record<string, ExactJson> = {};
    for (const [name, row] of this.internal.dump()) internal[name] = dumpInternal(row);
    const sent: Record<string, ExactJson> = {};
    for (const [name, entry] of this.#sent.entries()) sent[name] = dumpSent(entry);
    const queued = [...this.#delayed].map(({ to, key, data, dueAt }) =>
      dumpQueued({ key, data, source: this.path, destination: to, dueAt }),
    );
    return exactJson({ incoming, internal, outgoing: { outgoing_queued: queued, outgoing_sent: sent } });
  }

  #answer(request: EdgeMessage, answer: Answer): void {
    const { edge } = this.#host;
    edge.send(answerTo(request, edge.newId(), { source: this.path, ...answer }));
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
