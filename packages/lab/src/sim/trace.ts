import { createHash } from "node:crypto";
import type { Clock } from "@tandem/base";
import type { Fields } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import { describeDpuEntry } from "../cluster/dpu-log.js";
import type { RowChange } from "../cluster/observer.js";

/** Rows that change although nothing happens: heartbeats. */
const HEARTBEAT = "last_heartbeat_time_in_ms";

/** Everything that can be seen of a run, a line each: faults, what DPUs do, rows that change. */
export class Trace {
  readonly #clock: Clock;
  readonly #keeps: boolean;
  readonly #hash = createHash("sha256");
  readonly #recent: string[] = [];
  readonly #beats = new Map<string, string>();
  readonly lines: string[] = [];
  /** Lines so far, without heartbeats. */
  count = 0;

  /** Keeps the lines when `keeps`, otherwise only their digest. */
  constructor(clock: Clock, keeps: boolean) {
    this.#clock = clock;
    this.#keeps = keeps;
  }

  follow(cluster: Cluster): void {
    cluster.observer.onRow((change) => this.#onRow(change));
    for (const [dpu, log] of cluster.logs) log.onEntry((entry) => this.add(`${dpu} ${describeDpuEntry(entry)}`));
  }

  add(text: string): void {
    this.count += 1;
    this.#write(text);
  }

  /** The last lines, oldest first. */
  last(count: number): readonly string[] {
    return this.#recent.slice(-count);
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  #onRow({ owner, db, table, key, fields }: RowChange): void {
    const row = `${owner.name} ${db}|${table}|${key}`;
    if (fields === undefined) {
      this.#beats.delete(row);
      this.add(`${row} deleted`);
      return;
    }
    const text = formatFields(fields);
    const { [HEARTBEAT]: beat, ...others } = fields;
    const rest = beat === undefined ? text : formatFields(others);
    if (beat !== undefined && this.#beats.get(row) === rest) this.#write(`${row} ${text}`);
    else this.add(`${row} ${text}`);
    if (beat !== undefined) this.#beats.set(row, rest);
  }

  #write(text: string): void {
    const line = `${this.#clock.monotonic()} ${text}`;
    this.#hash.update(line).update("\n");
    if (this.#keeps) this.lines.push(line);
    this.#recent.push(line);
    if (this.#recent.length > 2 * RECENT_MAX) this.#recent.splice(0, RECENT_MAX);
  }
}

/** Lines that `last` can give. */
const RECENT_MAX = 20;

function formatFields(fields: Fields): string {
  let text = "";
  for (const name in fields) text += ` ${name}=${fields[name]}`;
  return text;
}
