import { millis, seconds } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import type { HaRole } from "../dpu/ha-state.js";
import { DpuPair, type DpuPairOptions, type PairRecord, SIDES, type SideName } from "./dpu-pair.js";

/**
 * Commands of the scenarios below `testdata/dpu`. Each prints what it set in motion: transitions, changes of BFD
 * responders and of the rows' flags, warnings.
 *
 * `launch` · `on|off SIDE` · `set SIDE` · `scope SIDE [role=] [disabled=] [flag=]` · `delete SIDE` · `approve SIDE`
 * `cut` · `heal` · `wait SECONDS` · `packets SIDE [count=] [every=MS] [prefix=]` · `show` · `row SIDE`
 */
export class PairScenario {
  readonly #pair: DpuPair;
  #read = 0;
  readonly #sessions = new Set<string>();

  constructor(options: DpuPairOptions = {}) {
    this.#pair = new DpuPair(options);
  }

  run(step: ScenarioStep): string {
    const [command = "", argument = ""] = step.words;
    const side = argument as SideName;
    const printed = this.#perform(command, side, argument, step.options);
    return [...this.#news(), ...printed].join("\n");
  }

  #perform(command: string, side: SideName, argument: string, options: Readonly<Record<string, string>>): string[] {
    const pair = this.#pair;
    switch (command) {
      case "launch":
        pair.launch();
        return [];
      case "on":
        pair.powerOn(side);
        return [];
      case "off":
        pair.powerOff(side);
        for (const session of this.#sessions) if (session.startsWith(`${side} `)) this.#sessions.delete(session);
        return [];
      case "set":
        pair.programSet(side);
        return [];
      case "scope":
        pair.programScope(
          side,
          {
            ...(options["role"] !== undefined && { role: options["role"] as HaRole }),
            ...(options["disabled"] !== undefined && { disabled: options["disabled"] === "true" }),
          },
          options["flag"] === undefined ? [] : [options["flag"]],
        );
        pair.advance(millis(10));
        return [];
      case "delete":
        pair.deleteScope(side);
        pair.advance(millis(10));
        return [];
      case "approve": {
        const flags = pair.approve(side);
        pair.advance(millis(10));
        return flags.length === 0 ? [`nothing is pending at ${side}`] : [];
      }
      case "cut":
        pair.cut();
        return [];
      case "heal":
        pair.heal();
        return [];
      case "wait":
        pair.advance(seconds(Number(argument)));
        return [];
      case "packets":
        return this.#packets(side, options);
      case "show":
        return SIDES.map((name) => this.#show(name));
      case "row":
        return Object.entries(pair.scopeRow(side))
          .filter(([field]) => !field.endsWith("_time"))
          .map(([field, value]) => `${field} ${value}`)
          .sort();
      default:
        return [`unknown command ${command}`];
    }
  }

  #packets(side: SideName, options: Readonly<Record<string, string>>): string[] {
    const count = Number(options["count"] ?? 10);
    const every = millis(Number(options["every"] ?? 10));
    const counts = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const verdict = this.#pair.packet(side, `${options["prefix"] ?? "flow"}${i % 10}`);
      const what = verdict.kind === "dropped" ? `dropped (${verdict.why})` : verdict.kind;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      this.#pair.advance(every);
    }
    return [...counts].map(([what, n]) => `${n} ${what}`);
  }

  #show(side: SideName): string {
    const scope = this.#pair.core(side)?.scopes.values().next().value;
    const flows = [...(scope?.flows.values() ?? [])];
    const learnt = flows.filter((flow) => flow.learnt).length;
    const state = this.#pair.state(side) ?? "off";
    const bfd = this.#pair.responders(side).length;
    return `${side} ${state} term=${scope?.machine?.term ?? 0} flows=${flows.length} learnt=${learnt} bfd=${bfd}`;
  }

  #news(): string[] {
    const lines = this.#pair.records.slice(this.#read).flatMap((record) => this.#line(record));
    this.#read = this.#pair.records.length;
    return lines;
  }

  #line(record: PairRecord): string[] {
    switch (record.kind) {
      case "transition":
        return [`${record.side} ${record.from} -> ${record.to}: ${record.reason}`];
      case "warning":
        return [`${record.side} warns: ${record.text}`];
      case "row":
        return this.#rowLine(record);
      case "message":
        return record.message.kind === "bulk" && !record.lost
          ? [`${record.from} bulk sync, ${record.message.flows.length} flows`]
          : [];
    }
  }

  #rowLine({ side, key, fields }: Extract<PairRecord, { kind: "row" }>): string[] {
    const [table] = key.split("|");
    if (table === "BFD_SOFTWARE_SESSION_TABLE") {
      return this.#sessionLine(side, key, fields !== undefined);
    }
    if (table === "DASH_HA_SET_STATE_TABLE" && fields !== undefined) {
      return [`${side} channel ${fields["dp_channel_is_alive"]}`];
    }
    if (table !== "DASH_HA_SCOPE_STATE_TABLE") return [];
    if (fields === undefined) return [`${side} state row gone`];
    return Object.entries(fields)
      .filter(([field]) => field.endsWith("_pending"))
      .map(([field, value]) => `${side} ${field}=${value}`);
  }

  /** Sessions that are created again say nothing. */
  #sessionLine(side: SideName, key: string, answers: boolean): string[] {
    const session = `${side} bfd ${key.split("|").at(-1)}`;
    if (answers === this.#sessions.has(session)) return [];
    if (answers) this.#sessions.add(session);
    else this.#sessions.delete(session);
    return [`${session} ${answers ? "answers" : "removed"}`];
  }
}
