import { type AsicReply, replyTo, SUCCESS } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { splitKey } from "../request.js";
import type { AsicHandler, Delivery } from "../transport.js";

const EXISTS = "SAI_STATUS_ITEM_ALREADY_EXISTS";
const MISSING = "SAI_STATUS_ITEM_NOT_FOUND";

/** What a `TestAsic` did, where it outlives the process: one text per request, oldest first. */
export interface Journal {
  readonly lines: readonly string[];
  append(line: string): void;
}

/**
 * What requests change, and how often. It outlives the servers that work on it, as an ASIC outlives syncd, and it
 * remembers what it did for which request id: an effect and the memory of it are one step.
 */
export class TestAsic {
  readonly objects = new Map<string, Map<string, string>>();
  /** Each change in order, as `create KEY`; repeats that were recognised are none. */
  readonly effects: string[] = [];
  readonly #done = new Map<string, AsicReply>();
  readonly #journal: Journal | undefined;

  constructor(journal?: Journal) {
    for (const line of journal?.lines ?? []) {
      const { id, request } = JSON.parse(line) as Pick<Delivery, "id" | "request">;
      const reply = this.#apply(request);
      if (id !== undefined) this.#done.set(id, reply);
    }
    this.#journal = journal;
  }

  execute({ request, id, repeated }: Delivery): AsicReply {
    const known = repeated && id !== undefined ? this.#done.get(id) : undefined;
    if (known !== undefined) return known;
    const before = this.effects.length;
    const reply = this.#apply(request);
    if (this.effects.length > before) this.#journal?.append(JSON.stringify({ id, request }));
    if (id !== undefined) this.#done.set(id, reply);
    return reply;
  }

  /** Times that `op` was done to `key`. */
  count(op: string, key: string): number {
    return this.effects.filter((effect) => effect === `${op} ${key}`).length;
  }

  #apply(request: AsicRequest): AsicReply {
    const { op, key, fields } = request;
    switch (op) {
      case "create":
      case "set":
      case "remove":
        return replyTo(op, this.#change(op, key, fields));
      case "bulkcreate":
      case "bulkset":
      case "bulkremove": {
        const [type] = splitKey(key);
        const single = op.slice("bulk".length) as "create" | "set" | "remove";
        const statuses = fields.map(([id, value]) => {
          const pairs = value.split("|").filter((piece) => piece !== "");
          const attributes = pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
          return this.#change(single, `${type}:${id}`, attributes as [string, string][]);
        });
        const status = statuses.every((one) => one === SUCCESS) ? SUCCESS : "SAI_STATUS_FAILURE";
        return replyTo(
          op,
          status,
          statuses.map((one) => [one, ""]),
        );
      }
      case "get": {
        const object = this.objects.get(key);
        if (object === undefined) return replyTo(op, MISSING);
        return replyTo(
          op,
          SUCCESS,
          fields.map(([name]) => [name, object.get(name) ?? ""]),
        );
      }
      case "attribute_capability_query":
      case "attr_enum_values_capability_query":
        return replyTo(op, fields.length === 2 ? SUCCESS : "SAI_STATUS_INVALID_PARAMETER");
      default:
        return replyTo(op, SUCCESS);
    }
  }

  #change(op: "create" | "set" | "remove", key: string, fields: AsicRequest["fields"]): string {
    const object = this.objects.get(key);
    if (op === "create" ? object !== undefined : object === undefined) return op === "create" ? EXISTS : MISSING;
    this.effects.push(`${op} ${key}`);
    if (op === "remove") this.objects.delete(key);
    else this.objects.set(key, new Map([...(object ?? []), ...fields]));
    return SUCCESS;
  }
}

/** A syncd for tests: it does what it is told to a `TestAsic`, says what it took, and can be stopped in between. */
export class TestSyncd implements AsicHandler {
  readonly asic: TestAsic;
  /** Everything that was handed to it, also what it recognised as a repeat. Fences of clients are left out. */
  readonly taken: Delivery[] = [];
  #prefix: "" | "TEMP_" = "";
  #held: ((request: AsicRequest) => boolean) | undefined;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(asic = new TestAsic()) {
    this.asic = asic;
  }

  rowPrefix(): "" | "TEMP_" {
    return this.#prefix;
  }

  async handle(delivery: Delivery): Promise<AsicReply> {
    const { request } = delivery;
    if (isFence(request)) return this.asic.execute(delivery);
    this.taken.push(delivery);
    for (const { holds, resolve } of this.#waiters) if (holds()) resolve();
    if (this.#held?.(request)) await this.#gate;
    if (request.op === "notify" && request.key === "INIT_VIEW") this.#prefix = "TEMP_";
    if (request.op === "notify" && request.key === "APPLY_VIEW") this.#prefix = "";
    return this.asic.execute(delivery);
  }

  /** From now on it stops before what `at` names; default: before everything but fences. */
  hold(at: (request: AsicRequest) => boolean = () => true): void {
    this.#held = at;
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#held = undefined;
    this.#open();
  }

  /** Resolves when so many requests were handed to it. */
  async took(count: number): Promise<void> {
    const holds = (): boolean => this.taken.length >= count;
    if (!holds()) await new Promise<void>((resolve) => this.#waiters.push({ holds, resolve }));
  }

  /** `op key` of what it took, in order. */
  get words(): string[] {
    return this.taken.map(({ request: { op, key } }) => `${op} ${key}`);
  }
}

function isFence({ op, key }: AsicRequest): boolean {
  return key === "oid:0x0" && op.endsWith("_capability_query");
}
