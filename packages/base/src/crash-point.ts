/**
 * The boundaries between persist and act. In the simulator each is a fault; in a process the environment variable
 * `TANDEM_CRASH_POINT` names one, and the process kills itself there with SIGKILL.
 */
export const CRASH_POINTS = [
  "actor.commit.before",
  "actor.commit.persisted",
  "actor.send.each",
  "actor.retire.deleted",
  "bridge.produce.before",
  "bridge.produce.written",
  "bridge.produce.acked",
  "bridge.consume.read",
] as const;

export type CrashPointName = (typeof CRASH_POINTS)[number];

/** The crash-point port: `reach` returns, or the process is gone. */
export interface CrashPoint {
  reach(name: CrashPointName): void;
}

export const noCrash: CrashPoint = { reach: () => {} };
