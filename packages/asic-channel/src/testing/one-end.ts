import { appendFileSync, existsSync, readFileSync, writeSync } from "node:fs";
import {
  crashPointFrom,
  type Millis,
  millis,
  type Result,
  systemClock,
  systemRandom,
  untilAborted,
  unwrap,
} from "@tandem/base";
import { RedisStores } from "@tandem/swss";
import { databasesAt } from "@tandem/swss/testing";
import { describeEndError, type EndError } from "../asic-error.js";
import { type ChannelTrouble, describeChannelTrouble } from "../channel-trouble.js";
import { GrpcQueueClient } from "../grpc-queue/client.js";
import type { FallbackName } from "../grpc-queue/fallback.js";
import { GrpcQueueServer } from "../grpc-queue/server.js";
import { ListPubsubClient } from "../list-pubsub/client.js";
import { ListPubsubServer } from "../list-pubsub/server.js";
import type { ChannelMode } from "../op.js";
import type { RedisChannelOptions } from "../redis/channel-options.js";
import { ShmChannelClient } from "../shm/client.js";
import type { ShmClientOptions } from "../shm/options.js";
import { ShmChannelServer } from "../shm/server.js";
import { StreamsClient } from "../streams/client.js";
import { StreamsServer } from "../streams/server.js";
import type { AsicClient, AsicHandler, AsicServer } from "../transport.js";
import { word } from "./contract-steps.js";
import { create } from "./requests.js";
import { TestAsic, TestSyncd } from "./test-asic.js";

/** Of rings between such processes. */
const SHM_SIZES = { requests: 2 ** 22, replies: 2 ** 20, notifications: 2 ** 16 } as const;

/** What one process of a test on real processes is: its only argument, as JSON. */
export interface OneEnd {
  readonly end: "client" | "server";
  readonly transport: "list-pubsub" | "streams" | "shm" | "grpc-queue";
  /** Of grpc-queue: where its server listens, and what is behind it. */
  readonly endpoint?: string;
  readonly fallback?: FallbackName;
  /** Of Redis, or the ring file. */
  readonly socket: string;
  readonly mode: ChannelMode;
  /** Of a server: the file that stands for its ASIC. */
  readonly journal?: string;
  /** Of a client: it creates objects with these numbers, so many at a time. */
  readonly from?: number;
  readonly count?: number;
  readonly window?: number;
  readonly replyTimeoutMs?: number;
}

/**
 * Run by `node`: a client that creates objects and says how each ended, or a server that says what it does. Every line
 * of its output is written before it goes on, so what was said stands when the process is killed.
 */
async function run(wanted: OneEnd): Promise<void> {
  const databases = databasesAt({ socket: wanted.socket });
  await using stores = new RedisStores({ databases, clock: systemClock, random: systemRandom });
  const options = {
    stores,
    clock: systemClock,
    owner: { name: wanted.end, host: "localhost", pid: process.pid, since: Date.now() },
    mode: wanted.mode,
    crash: unwrap(crashPointFrom(process.env)),
    onTrouble: (trouble: ChannelTrouble) =>
      say(`trouble ${trouble.kind} ${trouble.kind === "lost" ? trouble.count : ""} ${describeChannelTrouble(trouble)}`),
  };
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  if (wanted.end === "server") {
    const opened = await openServer(wanted, options);
    if (!opened.ok) return say(`refused ${describeEndError(opened.error)}`);
    await using server = opened.value;
    say("ready");
    await server.serve(handlerOf(wanted.journal as string, options.crash), stopping.signal);
    return;
  }
  const { from = 0, count = 0, window = 50, replyTimeoutMs = 60_000 } = wanted;
  const more = { ...options, replyTimeout: millis(replyTimeoutMs) };
  const opened = await openClient(wanted, more);
  if (!opened.ok) return say(`refused ${describeEndError(opened.error)}`);
  await using client = opened.value;
  say("ready");
  let under = 0;
  let goOn = (): void => {};
  for (let n = from; n < from + count; n++) {
    if (under >= window)
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    under += 1;
    void client.request(create(n)).then((outcome) => {
      under -= 1;
      say(`${n} ${word(outcome)}`);
      goOn();
    });
  }
  while (under > 0)
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  say(`memory ${process.memoryUsage().rss}`);
  say("done");
  await untilAborted(stopping.signal);
}

type EndOptions = RedisChannelOptions & Pick<ShmClientOptions, "onTrouble"> & { readonly replyTimeout?: Millis };

function openServer(wanted: OneEnd, options: EndOptions): Promise<Result<AsicServer, EndError>> {
  const { transport, socket, endpoint = "" } = wanted;
  if (transport === "grpc-queue") return GrpcQueueServer.open({ ...options, endpoint });
  if (transport === "shm") return ShmChannelServer.open({ ...options, path: socket, sizes: SHM_SIZES });
  return (transport === "streams" ? StreamsServer : ListPubsubServer).open(options);
}

function openClient(wanted: OneEnd, options: EndOptions): Promise<Result<AsicClient, EndError>> {
  const { transport, socket, endpoint = "", fallback = "stream" } = wanted;
  if (transport === "grpc-queue") return GrpcQueueClient.open({ ...options, endpoint, fallback });
  if (transport === "shm") return ShmChannelClient.open({ ...options, path: socket, sizes: SHM_SIZES });
  return transport === "streams" ? StreamsClient.open(options) : ListPubsubClient.open(options);
}

function handlerOf(file: string, crash: { reach(name: "asic.effect.before" | "asic.effect.done"): void }): AsicHandler {
  const lines = existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
  const syncd = new TestSyncd(new TestAsic({ lines, append: (line) => appendFileSync(file, `${line}\n`) }));
  return {
    rowPrefix: () => syncd.rowPrefix(),
    handle: async (delivery) => {
      crash.reach("asic.effect.before");
      const reply = await syncd.handle(delivery);
      crash.reach("asic.effect.done");
      say(`did ${delivery.request.key}`);
      return reply;
    },
  };
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

if (process.argv[2]?.startsWith("{") === true) await run(JSON.parse(process.argv[2]) as OneEnd);
