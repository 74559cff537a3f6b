import { err, ok, type Result } from "@tandem/base";

const OID = /oid:0x[0-9a-f]+/g;
const NULL_OID = "oid:0x0";
const INDEX_MASK = (1n << 39n) - 1n;
const SWITCH = 33n;

/** The object ids in a text, in order. */
export function oidsIn(text: string): readonly string[] {
  return text.match(OID) ?? [];
}

/** The VIDs of switches are not counted: they are the same wherever a switch has the same number. */
export function isSwitch(vid: string): boolean {
  return ((BigInt(vid.slice(4)) >> 48n) & 0xffn) === SWITCH;
}

/** A VID of the same switch, type and context with another index. */
export function withIndex(vid: string, index: bigint): string {
  return `oid:0x${((BigInt(vid.slice(4)) & ~INDEX_MASK) | (index & INDEX_MASK)).toString(16)}`;
}

/** Two recorded ids cannot be one live id, nor one recorded id two live ones. */
export interface VidConflict {
  readonly recorded: string;
  readonly live: string;
  /** What is known already of one of them. */
  readonly known: readonly [recorded: string, live: string];
}

export function describeVidConflict({ recorded, live, known }: VidConflict): string {
  return `${recorded} would be ${live} here, but ${known[0]} is ${known[1]}`;
}

/** Which object of a recording is which object here. The null id and switches are themselves. */
export class VidMap {
  readonly #live = new Map<string, string>();
  readonly #recorded = new Map<string, string>();

  get size(): number {
    return this.#live.size;
  }

  liveOf(recorded: string): string | undefined {
    return recorded === NULL_OID || isSwitch(recorded) ? recorded : this.#live.get(recorded);
  }

  learn(recorded: string, live: string): Result<void, VidConflict> {
    const known = this.liveOf(recorded);
    if (known !== undefined) return known === live ? ok() : err({ recorded, live, known: [recorded, known] });
    const other = this.#recorded.get(live);
    if (other !== undefined) return err({ recorded, live, known: [other, live] });
    this.#live.set(recorded, live);
    this.#recorded.set(live, recorded);
    return ok();
  }

  /** The object is gone, and both ids with it. */
  forget(recorded: string): void {
    const live = this.#live.get(recorded);
    this.#live.delete(recorded);
    if (live !== undefined) this.#recorded.delete(live);
  }

  /** The text with the ids of here; the first id that nobody knows is the error, unless such ids stay as they are. */
  translate(text: string, unknownStay: boolean): Result<string, string> {
    let unknown: string | undefined;
    const translated = text.replace(OID, (recorded) => {
      const live = this.liveOf(recorded);
      if (live === undefined && !unknownStay) unknown ??= recorded;
      return live ?? recorded;
    });
    return unknown === undefined ? ok(translated) : err(unknown);
  }
}
