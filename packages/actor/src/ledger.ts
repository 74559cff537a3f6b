import type { Command, Fields } from "@tandem/swss";
import type { StandingRow } from "./define-actor.js";

/**
 * The ledger of an actor: a row of STATE_DB with one field per row that it may have written, named by its reference
 * (`<DB>|<TABLE>|<key>`), valued `<order> <hash>[ <once>]`. An entry is written before its row goes out and removed
 * after its delete is acknowledged, so whatever stands in a sink because of us is named here, and only what is named
 * here is ever deleted.
 */
export const LEDGER_TABLE = "TANDEM_LEDGER";
/** Beside it, field `memory`: what `remember` has folded, as JSON text. */
export const MEMORY_TABLE = "TANDEM_MEMORY";
export const MEMORY_FIELD = "memory";

export interface LedgerEntry {
  readonly order: number;
  /** Of the fields without stamps. */
  readonly hash: string;
  readonly once: string | undefined;
}

/** Redis keys of one actor's rows of ours. STATE_DB separates with `|`. */
export function ledgerKey(slot: string, type: string, id: string): string {
  return `${LEDGER_TABLE}|${slot}|${type}|${id}`;
}

export function memoryKey(slot: string, type: string, id: string): string {
  return `${MEMORY_TABLE}|${slot}|${type}|${id}`;
}

/** The actor that a key of either table names; `undefined` for a key of another slot or shape. */
export function actorOfKey(slot: string, key: string): { readonly type: string; readonly id: string } | undefined {
  const [table, keySlot, type, ...id] = key.split("|");
  if ((table !== LEDGER_TABLE && table !== MEMORY_TABLE) || keySlot !== slot || type === undefined || id.length === 0)
    return undefined;
  return { type, id: id.join("|") };
}

export function formatLedgerEntry({ order, hash, once }: LedgerEntry): string {
  return once === undefined ? `${order} ${hash}` : `${order} ${hash} ${once}`;
}

/** `undefined` for text that no version of ours has written. */
export function parseLedgerEntry(text: string): LedgerEntry | undefined {
  const match = /^(\d{1,15}) ([0-9a-f]+)(?: ([\s\S]*))?$/.exec(text);
  if (match === null) return undefined;
  return { order: Number(match[1]), hash: match[2] as string, once: match[3] };
}

/** Hash of a row without its stamps. Tells people and audits that a row changed; no decision rests on it. */
export function rowHash(row: StandingRow): string {
  const names = Object.keys(row.fields).filter((name) => !row.stamps?.includes(name));
  names.sort();
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const name of names) {
    const text = `${name}\0${row.fields[name] as string}\0`;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 2654435761);
      low = Math.imul(low ^ unit, 1597334677);
    }
  }
  return (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
}

/** The commands that make a row exactly `fields`. `before` is what it holds; `undefined` when that is not known. */
export function writeRowCommands(redisKey: string, fields: Fields, before: Fields | undefined): Command[] {
  const commands: Command[] = [];
  if (before === undefined) commands.push(["DEL", redisKey]);
  else {
    const gone = Object.keys(before).filter((name) => !Object.hasOwn(fields, name));
    if (gone.length > 0) commands.push(["HDEL", redisKey, ...gone]);
  }
  const flat = Object.entries(fields).flat();
  if (flat.length > 0) commands.push(["HSET", redisKey, ...flat]);
  return commands;
}
