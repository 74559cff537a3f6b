import { type Clock, type CrashPoint, err, type Millis, type Result } from "@tandem/base";
import {
  type Answer,
  answerTo,
  type EdgeMessage,
  type EdgeRuntime,
  type ServicePath,
  SwbusErrorCode,
} from "@tandem/swbus/edge";
import type { AnyTable, Fields } from "@tandem/swss";
import { sameFields } from "../difference.js";
import { BRIDGE_TYPE, decodeEnvelope, decodePayload, type RowEnvelope } from "../envelope.js";
import { traceMark } from "../trace.js";
import { RecentDeletes } from "./recent-deletes.js";
import type { RowChange, RowWriter } from "./row-writer.js";

export interface ProducerBridgeOptions {
  readonly edge: EdgeRuntime;
  readonly table: AnyTable;
  readonly clock: Clock;
  readonly crashPoint: CrashPoint;
  /** What was written may not have arrived: all rows are to be written again. */
  readonly onReset: (cause: string) => void;
}

interface Request {
  readonly message: EdgeMessage;
  readonly envelope: RowEnvelope;
}

/** Requests that may wait; beyond it senders are told that the queue is full. */
const WAITING_MAX = 4096;
/** Requests that one write takes. */
const BATCH_MAX = 512;

/**
 * Producer bridge: writes the rows of one table that actors send to `<base>/swss-common-bridge/<DB>|<TABLE>`.
 *
 * Whatever has arrived when a write ends goes into the next one, in order. A request is answered when it is written: OK,
 * or FAIL with the reason, after which the sender repeats it. A Set that equals what was written last is answered
 * `No change in data`, unless it is a replace, comes again on purpose, or what was written is in doubt. After a reset of a writer that only queues,
 * what was deleted is deleted once more, before anything else is written.
 */
export class ProducerBridge implements Disposable {
  readonly table: AnyTable;
  readonly path: ServicePath;
  readonly #options: ProducerBridgeOptions;
  readonly #unregister: () => void;
  /** Rows as last written. */
  readonly #written = new Map<string, Fields>();
  readonly #deletes = new RecentDeletes();
  #writer: RowWriter | undefined;
  #stopListening: (() => void) | undefined;
  #waiting: Request[] = [];
  #writing = false;
  /** Ids of requests that are not answered yet. All come from this service, so ids are unique. */
  readonly #inHand = new Set<bigint>();
  /** Grows when what was written comes into doubt, so that a write under way is not taken for certain. */
  #epoch = 0;

  constructor(options: ProducerBridgeOptions) {
    this.#options = options;
    this.table = options.table;
    this.path = options.edge.basePath.withResource(BRIDGE_TYPE, options.table.id);
    this.#unregister = options.edge.register(this.path, "private", (message) => this.#receive(message));
  }

  get writer(): RowWriter | undefined {
    return this.#writer;
  }

  /** Writes go through `writer` from now on; everything counts as not written. */
  connect(writer: RowWriter | undefined, cause: string): void {
    this.#stopListening?.();
    this.#writer = writer;
    this.#stopListening = writer?.onReset(() => {
      this.#deletes.reset(this.#options.clock.monotonic());
      this.#reset("its connection was re-established");
      if (this.#deletes.lost.length > 0) this.#startWriting();
    });
    this.#deletes.clear();
    this.#reset(cause);
  }

  /** What was written of these keys, or of all, is in doubt: the next Set of each is written, equal or not. */
  doubt(keys?: readonly string[]): void {
    if (keys === undefined) {
      this.#epoch += 1;
      this.#written.clear();
    } else for (const key of keys) this.#written.delete(key);
  }

  /** Deletes a row that no actor holds. Fails with one line for an operator. */
  discard(key: string): Promise<Result<void, string>> {
    this.doubt([key]);
    return this.#perform(this.#writer, [{ key, op: "DEL" }]);
  }

  [Symbol.dispose](): void {
    this.#stopListening?.();
    this.#unregister();
    this.#waiting = [];
  }

  #reset(cause: string): void {
    this.doubt();
    this.#options.onReset(cause);
  }

  #receive(message: EdgeMessage): boolean {
    if (message.body.kind !== "data") return true;
    if (this.#waiting.length >= WAITING_MAX) return false;
    const payload = decodePayload(message.body.payload);
    const envelope = payload === undefined ? undefined : decodeEnvelope(payload.data);
    if (envelope === undefined) {
      const text = payload === undefined ? "Invalid ActorMessage" : "Invalid KeyOpFieldValues";
      this.#answer(message, { code: SwbusErrorCode.INVALID_PAYLOAD, text });
      return true;
    }
    // A repeat of what waits or is being written: the answer to the first is on its way.
    if (this.#inHand.has(message.id)) return true;
    this.#inHand.add(message.id);
    this.#waiting.push({ message, envelope });
    this.#startWriting();
    return true;
  }

  #startWriting(): void {
    if (this.#writing) return;
    this.#writing = true;
    queueMicrotask(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    await this.#deleteAgain();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_MAX);
      this.#waiting = this.#waiting.slice(BATCH_MAX);
      await this.#write(batch);
      for (const { message } of batch) this.#inHand.delete(message.id);
      await this.#deleteAgain();
    }
    this.#writing = false;
  }

  /** Deletes that got lost with a connection. Those that fail are tried again with the next write. */
  async #deleteAgain(): Promise<void> {
    const keys = this.#deletes.lost;
    if (keys.length === 0) return;
    const changes = keys.map((key): RowChange => ({ key, op: "DEL" }));
    this.doubt(keys);
    if ((await this.#perform(this.#writer, changes)).ok) this.#note(changes);
  }

  #note(changes: readonly RowChange[]): void {
    if (this.#writer?.queues !== true) return;
    const now = this.#options.clock.monotonic();
    for (const { key, op } of changes) {
      if (op === "DEL") this.#deletes.deleted(key, now);
      else this.#deletes.written(key, now);
    }
  }

  async #write(batch: readonly Request[]): Promise<void> {
    const { clock, crashPoint } = this.#options;
    const changes: RowChange[] = [];
    const requests: Request[] = [];
    const touched = new Map<string, Fields | undefined>();
    for (const request of batch) {
      const { key } = request.envelope;
      const before = touched.has(key) ? touched.get(key) : this.#written.get(key);
      const needed = this.#changesFor(request.envelope, before);
      if (needed.length === 0 && !touched.has(key)) {
        this.#answer(request.message, { text: "No change in data" });
        continue;
      }
      changes.push(...needed);
      requests.push(request);
      touched.set(key, request.envelope.operation === "Set" ? request.envelope.fields : undefined);
    }
    if (changes.length === 0) return;
    // Until the write has succeeded nobody knows what stands there.
    this.doubt([...touched.keys()]);
    crashPoint.reach("bridge.produce.before");
    const epoch = this.#epoch;
    const written = await this.#perform(this.#writer, changes);
    if (written.ok) {
      crashPoint.reach("bridge.produce.written");
      noteWritten(requests, clock.monotonic());
    }
    if (written.ok && epoch === this.#epoch) {
      this.#note(changes);
      for (const [key, fields] of touched) if (fields !== undefined) this.#written.set(key, fields);
    }
    for (const { message } of requests) {
      this.#answer(message, written.ok ? {} : { code: SwbusErrorCode.FAIL, text: written.error });
    }
    if (written.ok) crashPoint.reach("bridge.produce.acked");
  }

  #perform(writer: RowWriter | undefined, changes: readonly RowChange[]): Promise<Result<void, string>> {
    if (writer !== undefined) return writer.write(changes);
    return Promise.resolve(err(`${this.table.id}: nobody to write it to is known yet`));
  }

  /** The writes that make the row what the envelope says; none when it is that already. */
  #changesFor(envelope: RowEnvelope, before: Fields | undefined): readonly RowChange[] {
    const { key, operation, fields, replace, again } = envelope;
    if (operation === "Del") return [{ key, op: "DEL" }];
    const set: RowChange = { key, op: "SET", fieldValues: fields };
    if (replace || this.#deletes.mustReplace(key)) return [{ key, op: "DEL" }, set];
    if (before !== undefined && again !== true && sameFields(before, fields)) return [];
    if (before === undefined && Object.keys(fields).length === 0) return [];
    const mayKeepOld = before === undefined || Object.keys(before).some((name) => !Object.hasOwn(fields, name));
    return this.#writer?.merges && mayKeepOld ? [{ key, op: "DEL" }, set] : [set];
  }

  #answer(request: EdgeMessage, answer: Answer): void {
    const { edge } = this.#options;
    // An answer that cannot go out is asked for again by the next repeat.
    edge.send(answerTo(request, edge.newId(), { source: this.path, ...answer }));
  }
}

/** Rows that came from actors of this process learn when they were written. */
function noteWritten(requests: readonly Request[], now: Millis): void {
  for (const { message } of requests) {
    const payload = message.body.kind === "data" ? message.body.payload : undefined;
    if (payload === undefined || payload instanceof Uint8Array) continue;
    const moment = traceMark(payload.data)?.row;
    if (moment !== undefined) moment.written = now;
  }
}
