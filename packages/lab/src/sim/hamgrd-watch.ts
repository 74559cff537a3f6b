import type { ActorStatus } from "@tandem/actor";
import { type Millis, seconds } from "@tandem/base";
import { describeHamgrdEvent, type Hamgrd, type HamgrdEvent } from "@tandem/hamgrd";
import type { DaemonPlace } from "../cluster/cluster-host.js";
import type { HamgrdWitness } from "../cluster/simulated-daemons.js";
import type { Peaks } from "./peaks.js";

/** An alarm may be this much later than the deadline. */
const ALARM_GRACE = seconds(1);
/** Unacknowledged messages are looked at every 5 s, and told of when they are older than that. */
const UNACKNOWLEDGED_MAX = seconds(12);

/** Hears what every hamgrd of a run would log, and remembers what must not be. */
export class HamgrdWatch implements HamgrdWitness {
  readonly #crashes = new Set<string>();
  /** Waits beyond their deadline, by daemon and wait. */
  readonly #stuck = new Map<string, Map<string, string>>();

  readonly #hamgrds = new Map<string, Hamgrd>();
  #peaks: Pick<Peaks, "messages" | "mail"> = { messages: 0, mail: 0 };

  /** Definitions that threw. */
  get crashes(): readonly string[] {
    return [...this.#crashes];
  }

  /** The most that ever waited at a time in one hamgrd: messages that were not settled, changes for one actor. */
  get peaks(): Pick<Peaks, "messages" | "mail"> {
    for (const name of this.#hamgrds.keys()) this.#takePeaks(name);
    return this.#peaks;
  }

  #takePeaks(name: string): void {
    for (const { runtime } of this.#hamgrds.get(name)?.slots.values() ?? []) {
      const { messagesPeak = 0, mailPeak = 0 } = runtime?.tallies ?? {};
      const { messages, mail } = this.#peaks;
      this.#peaks = { messages: Math.max(messages, messagesPeak), mail: Math.max(mail, mailPeak) };
    }
  }

  started(daemon: DaemonPlace, hamgrd: Hamgrd): void {
    this.#takePeaks(daemon.name);
    this.#hamgrds.set(daemon.name, hamgrd);
    this.#stuck.set(daemon.name, new Map());
  }

  told(daemon: DaemonPlace, event: HamgrdEvent): void {
    if (event.kind !== "runtime") return;
    const { event: inner } = event;
    if (inner.kind === "crashed") this.#crashes.add(`${daemon.name}: ${describeHamgrdEvent(event)}`);
    if (inner.kind !== "stuck" && inner.kind !== "unstuck") return;
    const waits = this.#stuck.get(daemon.name);
    const name = `${inner.actor} ${inner.wait}`;
    if (inner.kind === "stuck") waits?.set(name, `${daemon.name}: ${describeHamgrdEvent(event)}`);
    else waits?.delete(name);
  }

  /** Runtimes in which something is still under way: unhandled, unperformed or unacknowledged. */
  unsettled(): readonly string[] {
    return [...this.#hamgrds].flatMap(([name, { slots }]) =>
      [...slots.values()].some(({ runtime }) => runtime?.settled !== true)
        ? [`${name}: something is still under way`]
        : [],
    );
  }

  stopped(name: string): void {
    this.#takePeaks(name);
    this.#hamgrds.delete(name);
  }

  /** Waits and unacknowledged rows beyond their time of which no alarm was given. */
  silent(now: Millis): readonly string[] {
    return [...this.#hamgrds].flatMap(([name, { slots }]) =>
      [...slots.values()]
        .flatMap(({ runtime }) => runtime?.actors() ?? [])
        .flatMap((actor) => this.#silentIn(name, actor, now)),
    );
  }

  #silentIn(daemon: string, { type, id, waits, pending }: ActorStatus, now: Millis): readonly string[] {
    const alarms = [...(this.#stuck.get(daemon)?.keys() ?? [])].filter((alarm) => alarm.startsWith(`${type}/${id} `));
    const overdue = waits
      .filter(({ since, deadline }) => deadline !== undefined && now > since + deadline + ALARM_GRACE)
      .filter((wait) => !alarms.includes(`${type}/${id} ${wait.alarm ?? wait.for}`))
      .map((wait) => `waits for ${wait.for} since ${wait.since / 1000} s`);
    const unacknowledged = alarms.length > 0 ? [] : pending.filter(({ since }) => now > since + UNACKNOWLEDGED_MAX);
    return [...overdue, ...unacknowledged.map(({ row }) => `${row} is unacknowledged`)].map(
      (text) => `${daemon}: ${type}/${id}: ${text}, and no alarm says so`,
    );
  }

  /** Alarms that nobody has called off. */
  standing(): readonly string[] {
    return [...this.#stuck.values()].flatMap((waits) => [...waits.values()]);
  }
}
