import { writeSync } from "node:fs";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import {
  CleanUp,
  crashPointFrom,
  millis,
  systemClock,
  systemFiles,
  systemRandom,
  untilAborted,
  unwrap,
} from "@tandem/base";
import { type FieldValues, openDatabases, type Stores, untilConnected } from "@tandem/swss";
import { describeEndError } from "../asic-error.js";
import { loadContext } from "../daemon/context-file.js";
import type { FallbackName } from "../grpc-queue/fallback.js";
import type { AsicOp, ChannelMode } from "../op.js";
import { Recorder } from "../recorder.js";
import { RecordingClient } from "../recording-client.js";
import type { AsicOutcome } from "../request-line.js";
import { moveChannel } from "../switching/move-channel.js";
import { SwitchingClient } from "../switching/switching-client.js";
import type { AsicClient, TransportName } from "../transport.js";
import { type ClientWorld, FRONT_ENDS } from "../transports.js";
import { routerOf } from "./objects.js";

/** What such a process is: its only argument, as JSON. */
export interface EndWanted {
  /** A server only holds its end; a switch moves the channel to `transport`, and says `moved` or `stays`. */
  readonly end: "client" | "server" | "switch";
  readonly name: string;
  readonly transport: TransportName;
  readonly mode: ChannelMode;
  readonly dbConfig: string;
  readonly contextConfig: string;
  readonly guid: number;
  readonly replyTimeoutMs: number;
  readonly record?: string;
  /** Of grpc-queue. */
  readonly fallback?: FallbackName;
  /** Of zmq. */
  readonly outbox?: true;
}

/** What a client is told, a line each. */
export type EndCommand =
  /** Creates virtual routers with these numbers, so many at a time; says how each ended, and `done` with `tag`. */
  | {
      readonly do: "create";
      readonly from: number;
      readonly count: number;
      readonly window: number;
      readonly tag: string;
    }
  /** One request; says `answer`, `tag`, how it ended, and its fields. */
  | {
      readonly do: "ask";
      readonly op: AsicOp;
      readonly key: string;
      readonly fields: FieldValues;
      readonly tag: string;
    }
  /** From now on it says each event. */
  | { readonly do: "listen" };

/**
 * Run by `node`: orchagent's end of a channel that does what its input says and tells how it went, or an end that
 * is only held. Every line is written before it goes on, so what was said stands when the process is killed.
 */
async function run(wanted: EndWanted): Promise<void> {
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  await using cleanUp = new CleanUp();
  const stores = cleanUp.use(unwrap(await openDatabases({ ignoreNonexistent: true, config: wanted.dbConfig })));
  const { context } = unwrap(await loadContext(systemFiles, wanted.contextConfig, wanted.guid));
  const world = {
    ...{ stores, context, mode: wanted.mode, clock: systemClock, random: systemRandom },
    crashPoint: unwrap(crashPointFrom(process.env)),
    owner: { name: wanted.name, host: hostname(), pid: process.pid, since: systemClock.now() },
    replyTimeout: millis(wanted.replyTimeoutMs),
    ...(wanted.fallback !== undefined && { fallback: wanted.fallback }),
    outbox: wanted.outbox === true,
  };
  if (wanted.end === "server") {
    const server = await (await FRONT_ENDS[wanted.transport]?.())?.(world);
    if (server?.ok !== true) return say(`refused ${server === undefined ? "" : describeEndError(server.error)}`);
    cleanUp.use(server.value);
    say("ready");
    return await untilAborted(stopping.signal);
  }
  if (wanted.end === "switch") return await move(stores, wanted, world, stopping.signal);
  const opened = await SwitchingClient.open(
    { world, via: wanted.transport, onEvent: (event) => say(`switch ${event.kind}`) },
    stopping.signal,
  );
  if (!opened.ok) return say(`refused ${describeEndError(opened.error)}`);
  cleanUp.use(opened.value);
  let client: AsicClient = opened.value;
  if (wanted.record !== undefined) {
    const recorder = unwrap(await Recorder.open({ clock: systemClock, path: wanted.record, onEvent: () => {} }));
    cleanUp.use(recorder);
    client = new RecordingClient(client, recorder);
  }
  const lines = createInterface({ input: process.stdin });
  stopping.signal.addEventListener("abort", () => lines.close());
  say("ready");
  for await (const line of lines) void obey(client, wanted.guid, JSON.parse(line) as EndCommand, stopping.signal);
}

async function move(
  stores: Stores,
  { transport: to, replyTimeoutMs }: EndWanted,
  { context, clock, random, crashPoint: crash, owner }: ClientWorld,
  signal: AbortSignal,
): Promise<void> {
  const store = unwrap(stores.open({ db: context.dbAsic }));
  await untilConnected(store, signal);
  const within = millis(replyTimeoutMs);
  const onWait = (what: string): void => say(`waits for ${what}`);
  const moved = await moveChannel({ store, clock, random, crash, owner, to, within, onWait, signal });
  say(moved.ok ? `moved ${moved.value.from} ${moved.value.to} ${moved.value.waited}` : `stays ${moved.error}`);
}

async function obey(client: AsicClient, guid: number, command: EndCommand, signal: AbortSignal): Promise<void> {
  switch (command.do) {
    case "create":
      return create(client, guid, command);
    case "ask": {
      const { op, key, fields, tag } = command;
      const started = systemClock.monotonic();
      const outcome = await client.request({ op, key, fields });
      const told = outcome.ok && outcome.value.kind === "replied" ? outcome.value.reply.fields : [];
      const micros = Math.round((systemClock.monotonic() - started) * 1000);
      return say(`answer ${tag} ${wordOf(outcome)} ${micros} ${JSON.stringify(told)}`);
    }
    case "listen":
      say("listening");
      for await (const event of client.notifications(signal)) say(`event ${event.name} ${event.data}`);
  }
}

async function create(client: AsicClient, guid: number, command: Extract<EndCommand, { do: "create" }>): Promise<void> {
  const { from, count, window, tag } = command;
  let under = 0;
  let goOn = (): void => {};
  const freed = (): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve;
    });
  for (let n = from; n < from + count; n++) {
    if (under >= window) await freed();
    under += 1;
    void client.request({ op: "create", key: routerOf(guid, n), fields: [["NULL", "NULL"]] }).then((outcome) => {
      under -= 1;
      say(`${n} ${wordOf(outcome)}`);
      goOn();
    });
  }
  while (under > 0) await freed();
  say(`done ${tag} ${process.memoryUsage().rss}`);
}

/** `accepted`, a status, or the kind of an error. */
function wordOf(outcome: AsicOutcome): string {
  if (!outcome.ok) return outcome.error.kind;
  return outcome.value.kind === "accepted" ? "accepted" : outcome.value.reply.status;
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

if (process.argv[2]?.startsWith("{") === true) await run(JSON.parse(process.argv[2]) as EndWanted);
