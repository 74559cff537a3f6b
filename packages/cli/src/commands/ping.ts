import { err, ok } from "@tandem/base";
import { ping } from "@tandem/swbus/edge";
import { BusSession, busAddress, probeOf, secondsOption } from "../bus-session.js";
import { type CommandRun, failed, numberOption, printJson, wantsJson } from "../io.js";
import { renderPing } from "../render/bus.js";

/** `tandem ping <dest>`: fails when not one probe got a good answer. */
export const runPing: CommandRun = async (invocation, io) => {
  const address = busAddress(invocation, io);
  if (!address.ok) return address;
  const opened = await BusSession.open(address.value, io);
  if (!opened.ok) return opened;
  await using session = opened.value;
  using client = session.client("ping");
  const destination = session.destination(invocation.args[0] ?? "");
  const json = wantsJson(invocation);
  if (!json) io.print(`PING ${destination}\n`);
  const { signal } = io;
  let sent = 0;
  let answered = 0;
  const probes = ping(client, destination, {
    count: numberOption(invocation, "count", Number.POSITIVE_INFINITY),
    timeout: secondsOption(invocation, "timeout", 1),
    interval: secondsOption(invocation, "interval", 1),
    signal,
  });
  try {
    for await (const { seq, outcome } of probes) {
      const probe = probeOf(outcome);
      sent += 1;
      if (probe.kind === "answered") answered += 1;
      if (json) printJson(io, "ping", { destination: String(destination), seq, ...probe });
      else io.print(renderPing(seq, probe));
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return answered > 0 || sent === 0 ? ok() : err(failed(`${destination}: no good answer to ${sent} probes`));
};
