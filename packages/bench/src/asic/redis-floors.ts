import { unwrap } from "@tandem/base";
import { ConsumerTable, ProducerTable, type Store, untilConnected } from "@tandem/swss";
import { type RedisServer, redisStoresAt } from "@tandem/swss/testing";
import { redisBenchmark } from "../floors/redis-benchmark.js";
import { type ScriptCall, scriptCallOf } from "../floors/script-call.js";
import { route } from "./record.js";

/** Requests that go out together, and that one read takes. */
const BATCH = 128;
const CLIENTS = 4;

const TABLE = "ASIC_STATE";
const ROUTE_KEY = route(0).key.replace("10.0.0.0", "10.__rand_int__");

/** Upstream's two scripts of the list, as redis-benchmark calls them. */
export class QueueFloor implements AsyncDisposable {
  readonly #redis: RedisServer;
  readonly #program: string;
  readonly #put: ScriptCall;
  readonly #pop: ScriptCall;
  readonly #close: () => PromiseLike<void>;

  private constructor(
    redis: RedisServer,
    program: string,
    put: ScriptCall,
    pop: ScriptCall,
    close: () => PromiseLike<void>,
  ) {
    this.#redis = redis;
    this.#program = program;
    this.#put = put;
    this.#pop = pop;
    this.#close = close;
  }

  static async open(redis: RedisServer, program: string): Promise<QueueFloor> {
    const stores = redisStoresAt(redis);
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    const { op, fields } = route(0);
    const put = await scriptCallOf(store, async (of, key) =>
      unwrap(await new ProducerTable(of, TABLE).set(key, fields, op)),
    );
    const pop = await scriptCallOf(store, async (of) => {
      await using consumer = new ConsumerTable(of, TABLE);
      return await consumer.pops(BATCH);
    });
    return new QueueFloor(redis, program, put, pop, () => stores[Symbol.asyncDispose]());
  }

  enqueue(count: number): Promise<number> {
    return this.#run({ command: () => this.#put.command(ROUTE_KEY) }, { count, pipeline: BATCH, clients: CLIENTS });
  }

  /** Requests a second, of those that `enqueue` left. */
  async pop(count: number): Promise<number> {
    return BATCH * (await this.#run(this.#pop, { count: count / BATCH, pipeline: 1, clients: 1 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #run(call: ScriptCall, shape: Shape): Promise<number> {
    return redisBenchmark(this.#program, call, { socket: this.#redis.socket, db: ASIC_DB, ...shape });
  }
}

/** The commands of one request and its reply on two streams, without scripts, bounds or bookkeeping. */
export class StreamFloor implements AsyncDisposable {
  readonly #redis: RedisServer;
  readonly #program: string;
  readonly #store: Store;
  readonly #close: () => PromiseLike<void>;

  private constructor(redis: RedisServer, program: string, store: Store, close: () => PromiseLike<void>) {
    this.#redis = redis;
    this.#program = program;
    this.#store = store;
    this.#close = close;
  }

  static async open(redis: RedisServer, program: string): Promise<StreamFloor> {
    const stores = redisStoresAt(redis);
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    return new StreamFloor(redis, program, store, () => stores[Symbol.asyncDispose]());
  }

  /** Requests a second, were all five commands made one after the other. */
  async rate(count: number): Promise<number> {
    unwrap(await this.#store.command(["DEL", "REQUESTS", "REPLIES"]));
    unwrap(await this.#store.command(["XGROUP", "CREATE", "REQUESTS", "group", "0", "MKSTREAM"]));
    const { op, fields } = route(0);
    const id = "01234567-89ab-cdef-0123-456789abcdef:__rand_int__";
    const request = ["key", ROUTE_KEY, "op", op, "attrs", JSON.stringify(fields.flat()), "id", id, "size", "260"];
    const reply = ["key", "SAI_STATUS_SUCCESS", "op", "getresponse", "attrs", "[]", "id", id];
    const each = [
      await this.#each(count, ["XADD", "REQUESTS", "*", ...request]),
      await this.#many(count, [
        "XREADGROUP",
        "GROUP",
        "group",
        "syncd",
        "COUNT",
        `${BATCH}`,
        "STREAMS",
        "REQUESTS",
        ">",
      ]),
      await this.#each(count, ["XACK", "REQUESTS", "group", "1-__rand_int__"]),
      await this.#each(count, ["XADD", "REPLIES", "*", ...reply]),
      await this.#many(count, ["XREAD", "COUNT", `${BATCH}`, "STREAMS", "REPLIES", "0"]),
    ];
    return 1 / each.reduce((sum, rate) => sum + 1 / rate, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #each(count: number, words: readonly string[]): Promise<number> {
    return this.#run(words, { count, pipeline: BATCH, clients: CLIENTS });
  }

  async #many(count: number, words: readonly string[]): Promise<number> {
    return BATCH * (await this.#run(words, { count: count / BATCH, pipeline: 1, clients: 1 }));
  }

  #run(words: readonly string[], shape: Shape): Promise<number> {
    const call = { command: () => words };
    return redisBenchmark(this.#program, call, { socket: this.#redis.socket, db: ASIC_DB, ...shape });
  }
}

const ASIC_DB = 1;

interface Shape {
  readonly count: number;
  readonly pipeline: number;
  readonly clients: number;
}
