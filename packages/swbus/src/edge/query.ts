import { type Clock, err, type Millis, ok, type Result, seconds, type Timer } from "@tandem/base";
import { ManagementRequestType, SwbusErrorCode } from "../gen/swbus_pb.js";
import type { RouteLine } from "../route-line.js";
import { parseServicePath, type ServicePath } from "../service-path.js";
import type { EdgeRuntime } from "./edge-runtime.js";
import { type RequestError, type Response, SimpleClient } from "./simple-client.js";
import type { EdgeBody, SendError } from "./types.js";

/** Why a question has no answer. */
export type QueryError =
  | RequestError
  | { readonly kind: "answered"; readonly source: ServicePath; readonly code: SwbusErrorCode; readonly text: string }
  /** OK, but without what was asked for. */
  | { readonly kind: "badAnswer"; readonly source: ServicePath };

/** How long management questions wait. */
export const QUERY_TIMEOUT = seconds(10);
/** How long a peer's path is looked for. */
export const RESOLVE_TIMEOUT = seconds(5);

/** The route dump of a swbusd. */
export async function getRoutes(
  client: SimpleClient,
  swbusd: ServicePath,
  timeout: Millis = QUERY_TIMEOUT,
): Promise<Result<readonly RouteLine[], QueryError>> {
  const body = management(ManagementRequestType.SWBUSD_GET_ROUTES);
  const answer = await ask(client, swbusd.swbusdPath, body, timeout);
  if (!answer.ok) return answer;
  const { content, source } = answer.value;
  return content?.kind === "routes" ? ok(content.routes) : err({ kind: "badAnswer", source });
}

/**
 * The state dump of an actor: JSON text with 64-bit numbers, not to be parsed through Number. With arguments it asks what
 * a hamgrd of ours answers beyond that.
 */
export async function getActorState(
  client: SimpleClient,
  actor: ServicePath,
  timeout: Millis = QUERY_TIMEOUT,
  args: Readonly<Record<string, string>> = {},
): Promise<Result<string, QueryError>> {
  return askValue(client, actor, management(ManagementRequestType.HAMGRD_GET_ACTOR_STATE, args), timeout);
}

/** The path of the swbusd that our swbusd dialed at `endpoint` (`ip:port`, IPv6 in brackets). */
export async function resolvePeer(
  edge: EdgeRuntime,
  clock: Clock,
  endpoint: string,
  timeout: Millis = RESOLVE_TIMEOUT,
): Promise<Result<ServicePath, QueryError>> {
  using client = new SimpleClient(edge, edge.basePath.withResource("_resolve_peer", String(edge.newId())), clock);
  const body = management(ManagementRequestType.SWBUSD_RESOLVE_PEER_SP, { endpoint });
  const answer = await askValue(client, edge.basePath.swbusdPath, body, timeout);
  return answer.ok ? ok(parseServicePath(answer.value)) : answer;
}

/** Whether a connection to swbusd stands before `limit` is over. */
export function waitConnected(edge: EdgeRuntime, clock: Clock, limit: Millis): Promise<boolean> {
  if (edge.connected) return Promise.resolve(true);
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    const stop = edge.onConnect(() => done(true));
    const done = (connected: boolean): void => {
      stop();
      timer?.cancel();
      resolve(connected);
    };
    timer = clock.setTimer(limit, () => done(false));
  });
}

/** One line for an operator. */
export function describeSendError(error: SendError): string {
  switch (error.kind) {
    case "notConnected":
      return `${error.destination}: not connected to swbusd`;
    case "noRoute":
      return `${error.destination}: nothing here has that path`;
    case "queueFull":
      return error.limit === undefined
        ? `${error.destination}: its queue is full`
        : `${error.destination}: ${error.limit} bytes wait for swbusd`;
    case "tooLarge":
      return `${error.destination}: message of ${error.size} bytes, at most ${error.limit} are possible`;
  }
}

/** One line for an operator. */
export function describeQueryError(error: QueryError): string {
  switch (error.kind) {
    case "timeout":
      return `no answer within ${error.limit} ms`;
    case "notSent":
      return describeSendError(error.error);
    case "answered":
      return `${error.source}: ${SwbusErrorCode[error.code]}: ${error.text}`;
    case "badAnswer":
      return `${error.source}: the answer lacks what was asked for`;
  }
}

function management(type: ManagementRequestType, args: Readonly<Record<string, string>> = {}): EdgeBody {
  return { kind: "management", type, args };
}

async function askValue(
  client: SimpleClient,
  destination: ServicePath,
  body: EdgeBody,
  timeout: Millis,
): Promise<Result<string, QueryError>> {
  const answer = await ask(client, destination, body, timeout);
  if (!answer.ok) return answer;
  const { content, source } = answer.value;
  return content?.kind === "value" ? ok(content.value) : err({ kind: "badAnswer", source });
}

async function ask(
  client: SimpleClient,
  destination: ServicePath,
  body: EdgeBody,
  timeout: Millis,
): Promise<Result<Response, QueryError>> {
  const answer = await client.request(destination, body, { timeout });
  if (!answer.ok || answer.value.code === SwbusErrorCode.OK) return answer;
  const { source, code, text } = answer.value;
  return err({ kind: "answered", source, code, text });
}
