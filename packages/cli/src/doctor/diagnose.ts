import type { Check } from "./check.js";
import { checkBus, checkClocks, checkVersions } from "./check-bus.js";
import { checkConfig } from "./check-config.js";
import { checkDatabases } from "./check-databases.js";
import { checkHamgrds, checkRecords } from "./check-hamgrd.js";
import type { DoctorFacts } from "./facts.js";

/** Every check, in the order in which one would mend things. */
export function diagnose(facts: DoctorFacts): readonly Check[] {
  const checks = [checkDatabases, checkConfig, checkBus, checkHamgrds, checkClocks, checkRecords, checkVersions];
  return checks.flatMap((check) => check(facts));
}
