import { err, type Millis, millis, ok, type Result } from "@tandem/base";

/** What a double does wrong, to be switched while it runs. */
export interface DoubleFaults {
  /** Every call that needs the cluster answers `500 No cluster leader`; calls that wait too. */
  noLeader: boolean;
  /**
   * Without a leader a call is held so long before it is refused, and carried out when somebody leads, whether its caller
   * waits still or not. Consul's default is 7 s.
   */
  holds: Millis;
  /** Every call answers 500. */
  failing: boolean;
  /** Every call is taken up this much later. */
  slow: Millis;
  /** A watch's POST leaves this much later. */
  watchLate: Millis;
  /** POSTs of watches that are lost from now on; each counts it down. */
  watchLost: number;
  /** Every POST of a watch is sent twice. */
  watchTwice: boolean;
}

export function calm(): DoubleFaults {
  return {
    ...{ noLeader: false, holds: millis(0), failing: false, slow: millis(0) },
    ...{ watchLate: millis(0), watchLost: 0, watchTwice: false },
  };
}

/** Switches to be turned, as a JSON object; those that it does not name stay. */
export function parseFaults(body: string): Result<Partial<DoubleFaults>, string> {
  const known: Readonly<Record<string, unknown>> = { ...calm() };
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return err("the body is not JSON");
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return err("expected a JSON object");
  for (const [name, value] of Object.entries(given)) {
    if (!(name in known)) return err(`${name}: no such switch; there are ${Object.keys(known).join(", ")}`);
    const expected = typeof known[name];
    if (typeof value !== expected || (typeof value === "number" && !(value >= 0)))
      return err(`${name}: expected ${expected === "boolean" ? "true or false" : "a number, 0 or more"}`);
  }
  return ok(given as Partial<DoubleFaults>);
}
