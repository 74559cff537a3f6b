export { type BackoffLimits, backoffDelay } from "./backoff.js";
export { type Brand, type Millis, millis, minutes, seconds } from "./brand.js";
export { CleanUp } from "./clean-up.js";
export { type Clock, sleep, type Timer, untilAborted, within } from "./clock.js";
export { countOf } from "./count-of.js";
export {
  ARCHIVER_CRASH_POINTS,
  CRASH_POINTS,
  type CrashPoint,
  type CrashPointName,
  HAMGRD_CRASH_POINTS,
  HAX_CRASH_POINTS,
  noCrash,
  SYNCD_CRASH_POINTS,
} from "./crash-point.js";
export { type AppendFile, type Disk, type DiskEntry, type DiskError, describeDiskError } from "./disk.js";
export type { FileError, Files } from "./files.js";
export { InvariantError, invariant, unreachable } from "./invariant.js";
export { type Json, jsonEqual } from "./json.js";
export { BoundedQueue, type QueueError } from "./queue.js";
export { jitter, pick, type Random, randomBelow, seededRandom, shuffled } from "./random.js";
export { allOk, err, mapOk, ok, type Result, unwrap } from "./result.js";
export { systemClock } from "./system-clock.js";
export { crashPointFrom } from "./system-crash-point.js";
export { systemDisk } from "./system-disk.js";
export { systemFiles } from "./system-files.js";
export { systemRandom } from "./system-random.js";
export { VERSION } from "./system-version.js";
