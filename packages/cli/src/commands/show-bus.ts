import { err, ok, systemClock } from "@tandem/base";
import {
  describeQueryError,
  getActorState,
  getRoutes,
  type QueryError,
  type RouteLine,
  SCOPE,
  type Scope,
  SwbusErrorCode,
} from "@tandem/swbus/edge";
import { BusSession, busAddress } from "../bus-session.js";
import { type CommandRun, failed, printJson, wantsJson } from "../io.js";
import { type DumpTimes, parseActorDump, renderActor } from "../render/actor.js";
import { unmarked } from "../render/big-json.js";
import { type RouteRow, renderRoutes } from "../render/bus.js";

/** `tandem show swbusd route`. */
export const runShowRoute: CommandRun = async (invocation, io) => {
  const address = busAddress(invocation, io);
  if (!address.ok) return address;
  const opened = await BusSession.open(address.value, io);
  if (!opened.ok) return opened;
  await using session = opened.value;
  using client = session.client("show");
  const lines = await getRoutes(client, session.node);
  if (!lines.ok) return err(failed(describeQueryError(lines.error)));
  const routes = lines.value.map(routeRow);
  if (wantsJson(invocation)) printJson(io, "show-swbusd-route", { swbusd: String(session.node), routes });
  else io.print(renderRoutes(routes));
  return ok();
};

/** `tandem show hamgrd actor <path>`. */
export const runShowActor: CommandRun = async (invocation, io) => {
  const address = busAddress(invocation, io);
  if (!address.ok) return address;
  const opened = await BusSession.open(address.value, io);
  if (!opened.ok) return opened;
  await using session = opened.value;
  using client = session.client("show");
  const actor = session.destination(invocation.args[0] ?? "");
  const state = await getActorState(client, actor);
  if (!state.ok) return err(failed(`${actor}: ${describeQueryError(state.error)}${hint(state.error)}`));
  const dump = parseActorDump(state.value);
  if (!dump.ok) return err(failed(`${actor}: its state cannot be read: ${dump.error}`));
  if (wantsJson(invocation))
    printJson(io, "show-hamgrd-actor", { actor: String(actor), state: unmarked(dump.value.raw) });
  else io.print(renderActor(dump.value, localTimes()));
  return ok();
};

/** Where nothing answers to the path, how paths of actors look. */
function hint(error: QueryError): string {
  const isUnknown = error.kind === "answered" && error.code === SwbusErrorCode.NO_ROUTE;
  return isUnknown
    ? "; actors are dpu/<dpu>, vdpu/<vdpu>, ha-set/<set> and ha-scope/<vdpu>:<scope> below /hamgrd/0"
    : "";
}

const SCOPE_NAMES: Readonly<Record<Scope, string>> = {
  [SCOPE.client]: "ROUTE_SCOPE_CLIENT",
  [SCOPE.inNode]: "ROUTE_SCOPE_IN_NODE",
  [SCOPE.inCluster]: "ROUTE_SCOPE_IN_CLUSTER",
  [SCOPE.inRegion]: "ROUTE_SCOPE_IN_REGION",
  [SCOPE.global]: "ROUTE_SCOPE_GLOBAL",
};

export function routeRow({ path, hops, nextHopId, scope, nextHop }: RouteLine): RouteRow {
  return {
    service_path: String(path),
    hop_count: hops,
    nh_id: nextHopId,
    route_scope: SCOPE_NAMES[scope],
    nh_service_path: String(nextHop),
  };
}

/** Times in the zone of this machine, as swbus-cli shows them. */
export function localTimes(): DumpTimes {
  return {
    nowSeconds: systemClock.now() / 1000,
    format: (seconds) => {
      const at = new Date(seconds * 1000);
      const two = (value: number): string => String(value).padStart(2, "0");
      const day = `${at.getFullYear()}:${two(at.getMonth() + 1)}:${two(at.getDate())}`;
      return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    },
  };
}
