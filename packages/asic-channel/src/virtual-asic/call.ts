import type { FieldValues } from "@tandem/swss";
import type { ObjectKey } from "../object-key.js";

/** What the ASIC is asked. Every id is a RID: VIDs stay on syncd's side. */
export type AsicCall =
  /** `id` names an entry; other objects get theirs. `label` is whom its creations are counted for. */
  | {
      readonly call: "create";
      readonly type: string;
      readonly id?: string;
      readonly attributes: FieldValues;
      readonly label: string;
    }
  | ({ readonly call: "remove" } & ObjectKey)
  | ({ readonly call: "set"; readonly name: string; readonly value: string } & ObjectKey)
  /** Names, each with what its buffer holds: a list's says how much fits. */
  | ({ readonly call: "get"; readonly fields: FieldValues } & ObjectKey)
  | ({ readonly call: "stats"; readonly names: readonly string[]; readonly clear: boolean } & ObjectKey)
  /** FDB entries that match all filters go. */
  | { readonly call: "flush"; readonly filters: FieldValues }
  /** Free places for objects of a type. */
  | { readonly call: "availability"; readonly type: string }
  /** One after the other; none stops the others. */
  | { readonly call: "all"; readonly calls: readonly AsicCall[] }
  /** Objects in the order made, those of the switch itself included: all of them, or `max` behind the first `from`. */
  | { readonly call: "dump"; readonly from?: number; readonly max?: number }
  /** How often each label was created. */
  | { readonly call: "counts"; readonly labels: readonly string[] }
  /** A cold boot: everything goes, the counts stay. */
  | { readonly call: "reset" }
  /** Something happens outside: a link, a learnt address, traffic. */
  | { readonly call: "raise"; readonly cause: AsicCause };

export type AsicCause =
  | { readonly kind: "link"; readonly port: string; readonly up: boolean }
  | { readonly kind: "learn"; readonly entry: string; readonly bridgePort: string }
  | { readonly kind: "age"; readonly entry: string }
  | ({ readonly kind: "count"; readonly name: string; readonly by: number } & ObjectKey)
  /** Any other event, with its data as it is to be told. */
  | { readonly kind: "other"; readonly name: string; readonly data: string };

/** What it answers. */
export interface CallOutcome {
  readonly status: string;
  /** Of a create: the RID, or the entry's id. */
  readonly id?: string;
  readonly fields?: FieldValues;
  /** Of `all`, in order. */
  readonly all?: readonly CallOutcome[];
  readonly objects?: readonly AsicObject[];
  /** Of `flush`: ids of the entries that are gone. */
  readonly gone?: readonly string[];
  readonly counts?: readonly number[];
}

/** One object as a dump shows it. */
export interface AsicObject extends ObjectKey {
  /** What was given at creation or set since. */
  readonly attributes: FieldValues;
  /** The switch made it with itself, or with a port. */
  readonly internal: boolean;
}

/** Something that the ASIC tells by itself; ids in `data` are RIDs. */
export interface AsicEvent {
  readonly name: string;
  readonly data: string;
}
