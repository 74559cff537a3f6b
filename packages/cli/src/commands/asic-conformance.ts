import { FALLBACK_NAMES, isFallbackName, TRANSPORT_NAMES, type TransportName } from "@tandem/asic-channel";
import {
  type CaseOutcome,
  CONFORMANCE_CASES,
  type CodeFacts,
  casesOf,
  codeLinesOf,
  matrixOf,
  runCase,
  TRAITS,
} from "@tandem/asic-channel/conformance";
import { err, ok } from "@tandem/base";
import { type CommandRun, failed, printJson, textOption, wantsJson } from "../io.js";
import { renderConformance, renderOutcome } from "../render/asic-conformance.js";

/** `tandem asic conformance [transport]`: fails when a case does not end as is expected of its transport. */
export const runConformance: CommandRun = async (invocation, io) => {
  const [wanted] = invocation.args;
  const { short, long, outbox } = invocation.options;
  if (short === true && long === true)
    return err({ kind: "usage", message: "--short and --long: expected one of them" });
  const transports = TRANSPORT_NAMES.filter((name) => wanted === undefined || name === wanted);
  if (transports.length === 0)
    return err({ kind: "usage", message: `${wanted}: expected one of ${TRANSPORT_NAMES.join(", ")}` });
  const only = textOption(invocation, "case");
  if (only !== undefined && !CONFORMANCE_CASES.some(({ name }) => name === only))
    return err({
      kind: "usage",
      message: `--case ${only}: expected one of ${CONFORMANCE_CASES.map(({ name }) => name).join(", ")}`,
    });
  const fallback = textOption(invocation, "fallback");
  if (fallback !== undefined && !isFallbackName(fallback))
    return err({ kind: "usage", message: `--fallback ${fallback}: expected one of ${FALLBACK_NAMES.join(", ")}` });
  const outcomes: CaseOutcome[] = [];
  const facts = new Map<TransportName, CodeFacts>();
  for (const transport of transports) {
    facts.set(transport, {
      lines: await codeLinesOf(transport),
      unmodifiedPeers: TRAITS[transport].upstreamPeers,
    });
    for (const each of casesOf(transport, short === true)) {
      if (only !== undefined && each.name !== only) continue;
      if (io.signal.aborted) return err(failed("interrupted: what had run is not shown as a whole"));
      const outcome = await runCase(each, transport, { long: long === true, fallback, outbox: outbox === true });
      outcomes.push(outcome);
      if (!wantsJson(invocation)) io.print(renderOutcome(outcome));
    }
  }
  const matrix = matrixOf(outcomes, facts, CONFORMANCE_CASES);
  if (wantsJson(invocation)) printJson(io, "asic-conformance", { cases: outcomes, matrix });
  else io.print(renderConformance(matrix, outcomes, transports));
  const wrong = outcomes.filter(({ outcome }) => outcome === "failed");
  if (wrong.length === 0) return ok();
  const names = wrong.map(({ transport, name }) => `${transport} ${name}`).join(", ");
  return err(failed(`${wrong.length} of ${outcomes.length} cases did not end as expected: ${names}`));
};
