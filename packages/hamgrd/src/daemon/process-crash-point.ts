import { CRASH_POINTS, type CrashPoint, err, noCrash, ok, type Result } from "@tandem/base";

/** Names the boundary at which the process kills itself; docs/configuration.md. */
const VARIABLE = "TANDEM_CRASH_POINT";

/** The crash point that the environment names, none when it names none. */
export function processCrashPoint(env: Readonly<Record<string, string | undefined>>): Result<CrashPoint, string> {
  const wanted = env[VARIABLE];
  if (wanted === undefined || wanted === "") return ok(noCrash);
  if (!CRASH_POINTS.some((name) => name === wanted)) {
    return err(`${VARIABLE}=${wanted}: expected one of ${CRASH_POINTS.join(", ")}`);
  }
  return ok({
    reach: (name) => {
      if (name === wanted) process.kill(process.pid, "SIGKILL");
    },
  });
}
