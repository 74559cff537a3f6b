import { join } from "node:path";
import type { TransportName } from "@tandem/asic-channel";
import { CleanUp } from "@tandem/base";
import { type BenchRun, inTurn, type Latency, latencyFigures, latencyOf } from "../bench-run.js";
import { Child } from "../child-process.js";
import type { Figure, Target } from "../figure.js";
import { EchoStream } from "../floors/http2-echo.js";
import { plainRequest } from "../floors/plain-zeromq.js";
import { UnixEchoClient } from "../floors/unix-echo.js";
import { Lane } from "./lane.js";
import { routeFrame } from "./record.js";
import { requestOne } from "./requests.js";

const TRIPS = 3_000;

const UNIX = "unix socket echo";
const HTTP2 = "node:http2 echo";
const ZEROMQ = "zeromq, REQ and REP";

const TRIP_WHY =
  "beside the floor's bytes each end decodes, checks and orders a request, and goes through the queues of promises that order costs";

/** What each transport is compared with, its own floor first, and what it is to reach. */
const BESIDE: Readonly<Record<TransportName, { readonly floor?: string; readonly target?: Target }>> = {
  "list-pubsub": {},
  streams: {},
  grpc: { floor: HTTP2, target: { timesFloor: 2, why: TRIP_WHY } },
  "grpc-queue": { floor: HTTP2 },
  zmq: { floor: ZEROMQ, target: { timesFloor: 1.5, why: TRIP_WHY } },
  shm: {},
};

/** One request after the other, each waited for; both ends have a process, and floors carry as many bytes. */
export async function roundTrips(run: BenchRun, folder: string): Promise<readonly Figure[]> {
  await using lanes = new CleanUp();
  const client = async (transport: TransportName) => lanes.use(await Lane.start(transport, "sync")).client;
  const [unix, http2, zeromq] = await Promise.all([
    Child.start("unixEcho", join(folder, "echo.sock")),
    Child.start("http2Echo"),
    Child.start("plainReply"),
  ]);
  for (const floor of [unix, http2, zeromq]) lanes.use(floor);
  using socket = await UnixEchoClient.open(unix.address);
  using stream = new EchoStream(http2.address);
  using request = plainRequest(zeromq.address);
  const frame = routeFrame(1);
  const trips = Math.ceil(TRIPS * run.scale);
  const clients = {
    "list-pubsub": await client("list-pubsub"),
    streams: await client("streams"),
    grpc: await client("grpc"),
    "grpc-queue": await client("grpc-queue"),
    zmq: await client("zmq"),
    shm: await client("shm"),
  } satisfies Record<TransportName, unknown>;
  const latency = (once: () => Promise<void>) => () => latencyOf(run, trips, once);
  const ours = Object.entries(clients).map(([name, of]) => [name, latency(() => requestOne(of))] as const);
  const measured: Readonly<Record<string, readonly Latency[]>> = await inTurn(run, {
    ...Object.fromEntries(ours),
    [UNIX]: latency(() => socket.echo(frame)),
    [HTTP2]: latency(() => stream.echo(frame, 1)),
    [ZEROMQ]: latency(() => request.ask(frame)),
  });
  return (Object.keys(clients) as TransportName[]).flatMap((name) => {
    const { floor, target } = BESIDE[name];
    const floors = [...(floor === undefined ? [] : [floor]), UNIX];
    return latencyFigures(
      `${name}: round trip of one request`,
      measured[name] ?? [],
      Object.fromEntries(floors.map((each) => [each, measured[each] ?? []])),
      { p50: target === undefined ? {} : { targets: [target] }, p99: {}, p999: {} },
    );
  });
}
