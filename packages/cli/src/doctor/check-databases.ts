import { countOf } from "@tandem/base";
import { downReason } from "../switch-slots.js";
import { bad, type Check, doubt, good } from "./check.js";
import type { DoctorFacts, RedisFact } from "./facts.js";

/** Whether every Redis answers and tells of changes. */
export function checkDatabases({ configProblem, redis, slots }: DoctorFacts): readonly Check[] {
  if (configProblem !== "") return [bad("databases", configProblem, "name the database config with --db-config")];
  return redis.map((fact) => {
    const place = fact.container === "" ? "switch" : fact.container;
    const slot = slots.find(({ slot: number }) => fact.container === `dpu${number}`);
    const down = slot === undefined ? undefined : downReason(slot.planes);
    if (fact.problem !== "") {
      if (down !== undefined)
        return doubt("databases", `${place}: ${fact.problem}; its DPU is down (${down})`, "comes back with the DPU");
      return bad("databases", `${place}: ${fact.problem}`, remedyOf(fact));
    }
    if (fact.keyEvents !== "") {
      const found = JSON.stringify(fact.keyEvents === "none" ? "" : fact.keyEvents);
      return bad(
        "databases",
        `${place}: notify-keyspace-events is ${found}: changes go unnoticed`,
        `redis-cli at ${fact.where}: CONFIG SET notify-keyspace-events KEA, and in its redis.conf`,
      );
    }
    return good("databases", `${place}: ${countOf(fact.databases.length, "database")} at ${fact.where}, key events on`);
  });
}

function remedyOf({ container, where }: RedisFact): string {
  const service = container === "" ? "database" : `database-${container}`;
  return `start redis at ${where} (container ${service}), or mend the address in the database config`;
}
