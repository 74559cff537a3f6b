import { stateIn } from "../bridge/core/conf-tree.js";

/** What a script check of Consul says by its exit code. */
export type Verdict = "passing" | "warning" | "critical";
export const VERDICT_CODE = { passing: 0, warning: 1, critical: 2 } as const satisfies Record<Verdict, number>;

/** Stored status of a process: its text, nothing where the key is absent, or why Consul did not say. */
export type Stored = { readonly text: string | undefined } | { readonly unknown: string };

/**
 * Stored status and liveness together, so that a stale value is never green: a process that does not live is critical
 * whatever is stored, one that lives passes only with a status that says it serves.
 */
export function verdictOf(
  stored: Stored,
  alive: readonly number[],
): { readonly verdict: Verdict; readonly because: string } {
  const lives = alive.length > 0 ? `it lives as pid ${alive.join(", ")}` : "no process of it lives";
  const say = (verdict: Verdict, what: string) => ({ verdict, because: `${lives}, ${what}` });
  if ("unknown" in stored)
    return say(alive.length > 0 ? "warning" : "critical", `Consul does not say: ${stored.unknown}`);
  if (stored.text === undefined) return say(alive.length > 0 ? "warning" : "critical", "nothing is stored");
  const state = stateIn(stored.text);
  if (alive.length === 0) return say("critical", `${state ?? "what cannot be read"} is stored`);
  switch (state?.replace(/^M0_CONF_HA_PROCESS_/, "")) {
    case "STARTED":
    case "DTM_RECOVERED":
      return say("passing", `${state} is stored`);
    case "STARTING":
      return say("warning", `${state} is stored`);
    case "STOPPING":
    case "STOPPED":
      return say("critical", `${state} is stored`);
    default:
      return say("warning", `${state ?? "what cannot be read"} is stored`);
  }
}
