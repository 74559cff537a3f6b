import { err, ok } from "@tandem/base";
import { diagnose } from "../doctor/diagnose.js";
import { gatherFacts } from "../doctor/gather.js";
import { type CommandRun, failed, printJson, wantsJson } from "../io.js";
import { renderDoctor } from "../render/doctor.js";
import { switchAccess } from "../switch-slots.js";
import { paintFor } from "./show-ha.js";

/** `tandem doctor`: fails when a check fails. Ends within about twenty seconds, whatever is down. */
export const runDoctor: CommandRun = async (invocation, io) => {
  const checks = diagnose(await gatherFacts(switchAccess(invocation), io));
  const failures = checks.filter(({ verdict }) => verdict === "fail").length;
  if (wantsJson(invocation)) printJson(io, "doctor", { failed: failures, checks });
  else io.print(renderDoctor(checks, paintFor(io)));
  return failures === 0 ? ok() : err(failed(`checks that failed: ${failures}`));
};
