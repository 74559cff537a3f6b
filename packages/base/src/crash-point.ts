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
  "asic.request.stored",
  "asic.request.taken",
  "asic.effect.before",
  "asic.effect.part",
  "asic.effect.done",
  "asic.rows.written",
  "asic.view.step",
  "asic.reply.stored",
  "asic.request.acked",
  "asic.switch.wished",
  "asic.switch.ready",
  "asic.switch.opened",
  "asic.switch.drained",
  "asic.switch.committed",
  "asic.switch.followed",
  "archive.settled",
  "archive.announced",
  "archive.appended",
  "archive.synced",
  "archive.told",
  "hax.event.before",
  "hax.event.stored",
  "hax.event.journaled",
  "hax.queue.told",
  "hax.item.published",
] as const;

export type CrashPointName = (typeof CRASH_POINTS)[number];

/** Those that a hamgrd passes; the simulator draws of these. */
export const HAMGRD_CRASH_POINTS = CRASH_POINTS.filter((name) => !/^(?:asic|archive|hax)\./.test(name));

/** Those that a syncd passes. */
export const SYNCD_CRASH_POINTS = CRASH_POINTS.filter((name) => name.startsWith("asic."));

/** Those that an archiver of the channel passes. */
export const ARCHIVER_CRASH_POINTS = CRASH_POINTS.filter((name) => name.startsWith("archive."));

/** Those that a hax passes. */
export const HAX_CRASH_POINTS = CRASH_POINTS.filter((name) => name.startsWith("hax."));

/** The crash-point port: `reach` returns, or the process is gone. */
export interface CrashPoint {
  reach(name: CrashPointName): void;
}

export const noCrash: CrashPoint = { reach: () => {} };
