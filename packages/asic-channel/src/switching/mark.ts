import { err, ok, type Result } from "@tandem/base";
import type { ChannelMode } from "../op.js";
import { TRANSPORT_NAMES, type TransportName } from "../transport.js";

/** The hash, in the ASIC's database, that says which transport a channel is on. */
export const MARK_KEY = "TANDEM_ASIC_CHANNEL";

/** The key of the client that follows the mark, over all transports. */
export const CLIENT_OWNER = "TANDEM_ASIC_OWNER:client";

/** Somebody wants the channel on another transport. It ends by itself. */
export interface Wish {
  readonly id: string;
  readonly to: TransportName;
  /** Who wishes, in words. */
  readonly by: string;
  /** syncd serves that transport. */
  readonly ready: boolean;
  /** What the client does about it, in words; empty before it has begun. */
  readonly step: string;
}

/** What stands in the mark. */
export interface Mark {
  /** The one that stands; absent before any client has said what it uses. */
  readonly transport: TransportName | undefined;
  /** Moves so far. While it is 0 any transport that syncd serves may be used. */
  readonly generation: number;
  /** What syncd serves, or did when it was last there. */
  readonly serves: readonly TransportName[];
  /** How syncd works; absent before it was there. */
  readonly mode: ChannelMode | undefined;
  /** The generation that syncd serves by. */
  readonly followed: number;
  readonly wish: Wish | undefined;
  /** The last wish that was not granted, and why. */
  readonly refused: { readonly id: string; readonly reason: string } | undefined;
  /** Milliseconds for which the last move held requests. */
  readonly waited: number | undefined;
}

/** `now`: Redis' clock, in milliseconds. The error names the field. */
export function decodeMark(fields: ReadonlyMap<string, string>, now: number): Result<Mark, string> {
  const wrong = (field: string, expected: string): Result<never, string> =>
    err(`${MARK_KEY}: ${field} is ${JSON.stringify(fields.get(field) ?? "")}: expected ${expected}`);
  const transport = fields.get("transport");
  if (transport !== undefined && !isTransport(transport)) return wrong("transport", oneOf(TRANSPORT_NAMES));
  const serves = (fields.get("serves") ?? "").split(",").filter((name) => name !== "");
  if (!serves.every(isTransport)) return wrong("serves", "names of transports");
  const generation = countIn(fields, "generation");
  if (generation === undefined) return wrong("generation", "a number");
  const followed = countIn(fields, "followed");
  if (followed === undefined) return wrong("followed", "a number");
  const mode = fields.get("mode");
  if (mode !== undefined && mode !== "async" && mode !== "sync") return wrong("mode", "async or sync");
  const [id, to, refused] = [fields.get("wish"), fields.get("to") ?? "", fields.get("refused")];
  const stands = id !== undefined && now < (countIn(fields, "until") ?? 0);
  if (stands && !isTransport(to)) return wrong("to", oneOf(TRANSPORT_NAMES));
  return ok({
    ...{ transport, generation, serves, followed, mode },
    waited: fields.has("waited") ? countIn(fields, "waited") : undefined,
    wish:
      stands && isTransport(to)
        ? {
            ...{ id, to, by: fields.get("by") ?? "", ready: fields.get("ready") === "1" },
            step: fields.get("step") ?? "",
          }
        : undefined,
    refused: refused === undefined ? undefined : { id: refused, reason: fields.get("reason") ?? "" },
  });
}

function isTransport(word: string): word is TransportName {
  return (TRANSPORT_NAMES as readonly string[]).includes(word);
}

function oneOf(names: readonly string[]): string {
  return `one of ${names.join(", ")}`;
}

function countIn(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name) ?? "0";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
