import { countOf } from "@tandem/base";
import { formatReceipt, type Receipt, receiptJson } from "./story/receipt.js";

/** What a lab tells while it runs; `ms` counts from its start. */
export type LabEvent =
  | {
      readonly kind: "starting";
      readonly story: string;
      readonly title: string;
      readonly switches: number;
      readonly dpus: number;
      readonly isolation: string;
    }
  | {
      readonly kind: "started";
      readonly ms: number;
      readonly processes: readonly { readonly name: string; readonly pid: number }[];
    }
  | { readonly kind: "stage"; readonly title: string }
  /** A command of the story begins. */
  | { readonly kind: "command"; readonly ms: number; readonly command: string }
  /** A DPU changed state, or lost or got power. */
  | { readonly kind: "transition"; readonly ms: number; readonly dpu: string; readonly text: string }
  /** A command of the story is done. */
  | {
      readonly kind: "step";
      readonly ms: number;
      readonly command: string;
      readonly printed: string;
      /** What the story has there, where that is something else. */
      readonly expected: string | undefined;
    }
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "notCompared"; readonly recorded: string }
  | {
      readonly kind: "addresses";
      readonly folder: string;
      readonly redisCli: string;
      readonly switches: readonly SwitchAddresses[];
    }
  /** A cluster that stayed up has ended: its processes and its folder are gone. */
  | { readonly kind: "ended" };

/** How other tools reach a switch of the lab. */
export interface SwitchAddresses {
  readonly name: string;
  readonly redis: string;
  readonly redisSocket: string;
  readonly databaseConfig: string;
  readonly dpus: readonly DpuAddresses[];
  /** Where each daemon process serves /metrics, /health and /ready. */
  readonly metrics: readonly { readonly daemon: string; readonly url: string }[];
}

export interface DpuAddresses {
  readonly name: string;
  readonly redisSocket: string;
  readonly swbusd: string;
  readonly swbusdConfig: string;
  readonly orchagent: string;
}

/** Escape codes, or nothing where nobody sees them. */
export interface Palette {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

export const PLAIN: Palette = { strong: (text) => text, faint: (text) => text };
export const COLOURS: Palette = {
  strong: (text) => `\u001b[1m${text}\u001b[22m`,
  faint: (text) => `\u001b[2m${text}\u001b[22m`,
};

/** Column at which what a command printed begins. */
const INDENT = " ".repeat(14);

/**
 * An event as people read it, without a last line feed; undefined where there is nothing to say. `columns` are those of
 * the terminal, where there is one.
 */
export function eventText(event: LabEvent, { strong, faint }: Palette, columns?: number): string | undefined {
  switch (event.kind) {
    case "starting": {
      const perSwitch = event.isolation === "switch" ? ", the daemons of a switch share processes" : "";
      return [
        strong(event.title),
        faint(
          `story ${event.story}: ${countOf(event.switches, "switch", "switches")} of ${countOf(event.dpus, "DPU")}${perSwitch}; starting redis, swbusd and hamgrd …`,
        ),
      ].join("\n");
    }
    case "started":
      return `${stamp(event.ms)}  ${event.processes.length} processes are ready`;
    case "stage":
      return `\n${strong(event.title)}`;
    case "transition":
      return faint(`${stamp(event.ms)}    . ${event.dpu} ${event.text}`);
    case "command":
      return `${stamp(event.ms)}  ${event.command}`;
    case "step":
      return event.printed === "" ? undefined : event.printed.replaceAll(/^/gm, INDENT);
    case "receipt":
      return `\n${formatReceipt(event.receipt, columns)}`;
    case "notCompared":
      return `the story was recorded on ${event.recorded}: its answers are not compared`;
    case "addresses":
      return addressesText(event);
    case "ended":
      return "\nended; nothing is left running";
  }
}

/** An event as one JSON object. */
export function eventJson(event: LabEvent): string {
  return JSON.stringify({ schema: "tandem.lab.v1", ...eventObject(event) });
}

function eventObject(event: LabEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case "started":
      return { event: event.kind, ms: Math.round(event.ms), processes: event.processes };
    case "command":
      return { event: event.kind, ms: Math.round(event.ms), command: event.command };
    case "transition":
      return { event: event.kind, ms: Math.round(event.ms), dpu: event.dpu, text: event.text };
    case "step":
      return {
        event: event.kind,
        ms: Math.round(event.ms),
        command: event.command,
        printed: event.printed === "" ? [] : event.printed.split("\n"),
        as_expected: event.expected === undefined,
        ...(event.expected !== undefined && { expected: event.expected.split("\n") }),
      };
    case "receipt":
      return { event: event.kind, receipt: receiptJson(event.receipt) };
    case "addresses":
      return {
        event: event.kind,
        folder: event.folder,
        redis_cli: event.redisCli,
        switches: event.switches.map(({ databaseConfig, redisSocket, dpus, ...sw }) => ({
          ...sw,
          redis_socket: redisSocket,
          db_config: databaseConfig,
          dpus: dpus.map(({ swbusdConfig, redisSocket: socket, ...dpu }) => ({
            ...dpu,
            redis_socket: socket,
            swbusd_config: swbusdConfig,
          })),
        })),
      };
    default: {
      const { kind, ...fields } = event;
      return { event: kind === "notCompared" ? "not_compared" : kind, ...fields };
    }
  }
}

function addressesText({ folder, redisCli, switches }: LabEvent & { readonly kind: "addresses" }): string {
  const lines = ["", "the cluster stays up until Ctrl-C; from another terminal:"];
  for (const sw of switches) {
    const [first] = sw.dpus;
    lines.push("", sw.name, `  ./tandem show ha --db-config ${sw.databaseConfig}   (or doctor, drift, show topology)`);
    if (first !== undefined) {
      lines.push(`  ./tandem show swbusd route --config-file ${first.swbusdConfig}`);
      lines.push(`  ${redisCli} -s ${sw.redisSocket}   (or ${sw.redis})`);
    }
    for (const dpu of sw.dpus) {
      lines.push(`  ${dpu.name}: redis ${dpu.redisSocket}, swbusd ${dpu.swbusd}, orchagent ${dpu.orchagent}`);
    }
    for (const { daemon, url } of sw.metrics) lines.push(`  ${daemon}: ${url}`);
  }
  lines.push("", `logs: ${folder}/log`);
  return lines.join("\n");
}

function stamp(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(7)} s`;
}
