import type { ObjectId } from "../object-id.js";
import { isEntryType, mapValueIds, type ObjectKey } from "../object-key.js";

/** Which object of the ASIC (RID) stands behind each object of the channel (VID). */
export class VidMap {
  readonly #rids = new Map<string, ObjectId>();
  readonly #vids = new Map<string, ObjectId>();

  constructor(pairs: Iterable<readonly [vid: string, rid: string]> = []) {
    for (const [vid, rid] of pairs) this.bind(vid, rid);
  }

  get size(): number {
    return this.#rids.size;
  }

  rid(vid: string): ObjectId | undefined {
    return this.#rids.get(vid);
  }

  vid(rid: string): ObjectId | undefined {
    return this.#vids.get(rid);
  }

  /** Every pair, in the order bound. */
  pairs(): Iterable<readonly [vid: string, rid: ObjectId]> {
    return this.#rids;
  }

  bind(vid: string, rid: string): void {
    this.#rids.set(vid, rid as ObjectId);
    this.#vids.set(rid, vid as ObjectId);
  }

  release(vid: string): void {
    const rid = this.#rids.get(vid);
    if (rid !== undefined && this.#vids.get(rid) === vid) this.#vids.delete(rid);
    this.#rids.delete(vid);
  }

  /** The id of an object, in the one spelling that rows have, as the ASIC knows it; `undefined` when it names one that there is not. */
  toAsic({ type, id }: ObjectKey): string | undefined {
    if (!isEntryType(type)) return this.rid(id);
    return this.valueToAsic(id);
  }

  toChannel({ type, id }: ObjectKey): string | undefined {
    if (!isEntryType(type)) return this.vid(id);
    return this.valueToChannel(id);
  }

  valueToAsic(value: string): string | undefined {
    return mapValueIds(value, (vid) => this.rid(vid));
  }

  valueToChannel(value: string): string | undefined {
    return mapValueIds(value, (rid) => this.vid(rid));
  }
}
