import { startRedis } from "@tandem/swss/testing";
import { plainPull, plainPush } from "./plain-zeromq.js";
import { encodeCommand, RawRedis } from "./raw-redis.js";

const KEY = "DPU_STATE|DPU0";
const ROW = ["dpu_midplane_link_state", "up", "dpu_control_plane_state", "down", "dpu_data_plane_state", "up"];
const ROWS_SENT = 10;
const ROW_BYTES = 300;

/**
 * The least that any program does for one change of a row: it hears of it, reads the row, writes two rows in one MULTI,
 * and sends ten by ZMQ. No decision, no ledger, no second process.
 */
export class RawChain implements AsyncDisposable {
  readonly #close: Close;
  readonly #once: () => Promise<void>;

  private constructor(close: Close, once: () => Promise<void>) {
    this.#close = close;
    this.#once = once;
  }

  static async start(): Promise<RawChain> {
    const redis = await startRedis();
    const [writer, subscriber, actor] = await Promise.all([1, 2, 3].map(() => RawRedis.open(redis.socket)));
    if (writer === undefined || subscriber === undefined || actor === undefined) throw new Error("no connections");
    await writer.exchange(encodeCommand(["CONFIG", "SET", "notify-keyspace-events", "AKE"]));
    await subscriber.exchange(encodeCommand(["SUBSCRIBE", `__keyspace@0__:${KEY}`]));
    let arrived = (): void => undefined;
    let left = 0;
    const pull = await plainPull(() => {
      left -= 1;
      if (left === 0) arrived();
    });
    const push = plainPush(pull.endpoint);
    const change = encodeCommand(["HSET", KEY, ...ROW]);
    const read = encodeCommand(["HGETALL", KEY]);
    const write = Buffer.concat(
      [["MULTI"], ["HSET", "A", ...ROW], ["HSET", "B", ...ROW, ...ROW], ["EXEC"]].map(encodeCommand),
    );
    const message = Buffer.alloc(ROW_BYTES, "x");
    const once = async (): Promise<void> => {
      const heard = subscriber.read();
      writer.write(change);
      await heard;
      await actor.exchange(read);
      await actor.exchange(write);
      left = ROWS_SENT;
      const there = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      for (let i = 0; i < ROWS_SENT; i++) await push.send(message);
      await there;
    };
    const close = async (): Promise<void> => {
      for (const part of [push, pull, writer, subscriber, actor]) part[Symbol.dispose]();
      await redis[Symbol.asyncDispose]();
    };
    return new RawChain(close, once);
  }

  once(): Promise<void> {
    return this.#once();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

type Close = () => Promise<void>;
