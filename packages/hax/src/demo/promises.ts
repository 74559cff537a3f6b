import type { Millis } from "@tandem/base";
import type { DemoCluster } from "./cluster.js";
import { eventOf, lostEvent, outOfOrder } from "./judge.js";
import { PROCESSES_OF_ALL } from "./plan.js";
import type { StepReport } from "./step.js";

/** What was seen may be older than the clock says by the time that a line of output took. */
const SLACK_MS = 50;

/** Until hax owes nobody an answer: everybody is linked, every event acknowledged, and the store holds the last of each. */
export function untilQuiet(cluster: DemoCluster, patience: Millis): Promise<Millis | undefined> {
  return cluster.until(patience, () =>
    PROCESSES_OF_ALL.every(({ name, fidText }) => {
      const ledger = cluster.ledger(name);
      const last = ledger.sent.at(-1);
      const stored = eventOf(cluster.stored.last(fidText));
      return ledger.linked && ledger.open === 0 && last?.life === ledger.life && stored === last.event;
    }),
  );
}

/** What is not quiet, for people. */
export function unquiet(cluster: DemoCluster): string {
  const words = PROCESSES_OF_ALL.flatMap(({ name, fidText }) => {
    const ledger = cluster.ledger(name);
    const last = ledger.sent.at(-1);
    const stored = eventOf(cluster.stored.last(fidText));
    if (!ledger.linked) return [`${name} has no link`];
    if (ledger.open > 0) return [`${name} waits for ${ledger.open} acknowledgements`];
    return stored === last?.event ? [] : [`${name} told ${last?.event ?? "nothing"}, stored is ${stored ?? "nothing"}`];
  });
  return words.slice(0, 3).join("; ");
}

/** Until everybody has had an answer for all nine after now, and every state in it is ONLINE. */
export async function untilAllOnline(cluster: DemoCluster, patience: Millis): Promise<Millis | undefined> {
  const before = new Map(PROCESSES_OF_ALL.map(({ name }) => [name, cluster.ledger(name).answers]));
  return cluster.until(patience, () =>
    PROCESSES_OF_ALL.every(({ name }) => {
      const ledger = cluster.ledger(name);
      const answered = ledger.answers > (before.get(name) ?? 0);
      return answered && PROCESSES_OF_ALL.every(({ fidText }) => ledger.lastTold(fidText) === "ONLINE");
    }),
  );
}

/** Whose states somebody does not see as ONLINE. */
export function notOnline(cluster: DemoCluster): string {
  const words = PROCESSES_OF_ALL.flatMap(({ name }) => {
    const wrong = PROCESSES_OF_ALL.filter(({ fidText }) => cluster.ledger(name).lastTold(fidText) !== "ONLINE");
    return wrong.map((of) => `${name} knows ${of.name} as ${cluster.ledger(name).lastTold(of.fidText) ?? "nothing"}`);
  });
  return words.slice(0, 3).join("; ");
}

/** The promises that hold whatever happened: nothing lost that was acknowledged, nothing out of order, no rule of Motr's broken. */
export async function checkPromises(cluster: DemoCluster, report: StepReport): Promise<void> {
  const stored = await cluster.stored.read();
  const lost: string[] = [];
  const disordered: string[] = [];
  const panics: string[] = [];
  let acknowledged = 0;
  for (const { name, fidText } of PROCESSES_OF_ALL) {
    const ledger = cluster.ledger(name);
    acknowledged += ledger.sent.filter((event) => event.acknowledged).length;
    const wrong = lostEvent(ledger.sent, stored?.get(fidText));
    if (wrong !== undefined) lost.push(`${name}: ${wrong}`);
    const seen = cluster.stored.seen.get(fidText) ?? [];
    const early = outOfOrder(ledger.sent, seen, SLACK_MS);
    if (early !== undefined) disordered.push(`${name}: ${eventOf(early.text)}`);
    if (ledger.panic !== undefined) panics.push(`${name}: ${ledger.panic}`);
  }
  const known = stored === undefined ? "Consul does not say" : lost.join("; ");
  report.always(
    stored !== undefined && lost.length === 0,
    `nothing of ${acknowledged} acknowledged events is lost`,
    known,
  );
  report.always(
    disordered.length === 0,
    "what Consul held of each process came in the order of its events",
    disordered.join("; "),
  );
  report.always(panics.length === 0, "hax broke none of the rules at which a Motr process aborts", panics.join("; "));
  report.always(cluster.deaths.length === 0, "no process ended by itself", cluster.deaths.join("; "));
}
