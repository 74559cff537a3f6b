import { CRASH_POINTS, type CrashPoint, noCrash } from "./crash-point.js";
import { err, ok, type Result } from "./result.js";

/**
 * The crash point that `TANDEM_CRASH_POINT` asks for: a name, or `name:3` for the third time it is reached. Reaching it
 * ends this process as by kill -9. Without the variable nothing crashes; the error is one line for people.
 */
export function crashPointFrom(env: Readonly<Record<string, string | undefined>>): Result<CrashPoint, string> {
  const wanted = env["TANDEM_CRASH_POINT"];
  if (wanted === undefined || wanted === "") return ok(noCrash);
  const [name, times = "1"] = wanted.split(":", 2);
  if (!CRASH_POINTS.some((point) => point === name) || !/^[1-9]\d{0,8}$/.test(times)) {
    return err(`TANDEM_CRASH_POINT is "${wanted}": expected name or name:times, of ${CRASH_POINTS.join(", ")}`);
  }
  let left = Number(times);
  return ok({
    reach: (reached) => {
      if (reached !== name) return;
      left -= 1;
      if (left === 0) process.kill(process.pid, "SIGKILL");
    },
  });
}
