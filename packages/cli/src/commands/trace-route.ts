import { err, ok } from "@tandem/base";
import { traceRoute } from "@tandem/swbus/edge";
import { BusSession, busAddress, probeOf, secondsOption } from "../bus-session.js";
import { type CommandRun, failed, numberOption, printJson, wantsJson } from "../io.js";
import { renderHop } from "../render/bus.js";

/** Answers waited for unless told otherwise. */
export const HOPS_MAX = 10;

/** `tandem trace-route <dest>`: fails when the destination itself did not answer. */
export const runTraceRoute: CommandRun = async (invocation, io) => {
  const address = busAddress(invocation, io);
  if (!address.ok) return address;
  const opened = await BusSession.open(address.value, io);
  if (!opened.ok) return opened;
  await using session = opened.value;
  using client = session.client("traceroute");
  const destination = session.destination(invocation.args[0] ?? "");
  const hopsMax = numberOption(invocation, "maxHop", HOPS_MAX);
  const json = wantsJson(invocation);
  if (!json) io.print(`traceroute to ${destination}, ${hopsMax} hops max\n`);
  let reached = false;
  const timeout = secondsOption(invocation, "timeout", 1);
  for await (const { index, outcome } of traceRoute(client, destination, { timeout, hopsMax })) {
    const probe = probeOf(outcome);
    reached = probe.kind === "answered" && probe.from === String(destination);
    if (json) printJson(io, "trace-route", { destination: String(destination), hop: index, ...probe });
    else io.print(renderHop(index, probe));
  }
  return reached ? ok() : err(failed(`${destination} did not answer; the last line tells how far the way leads`));
};
