import type { Check, Instance } from "./catalog.js";
import type { Session } from "./consul-state.js";
import type { StoredKey } from "./kv-store.js";

/** What a server of Consul has on its disk: everything that was answered to, and nothing that only its memory knows. */
export interface SavedState {
  readonly index: number;
  readonly keys: readonly StoredKey[];
  /** Deleted keys and when; older ones count for every prefix. */
  readonly graves: readonly (readonly [key: string, index: number])[];
  readonly reaped: number;
  readonly nodes: readonly (readonly [node: string, address: string])[];
  readonly instances: readonly Instance[];
  readonly checks: readonly Check[];
  readonly changed: readonly (readonly [subject: string, index: number])[];
  readonly sessions: readonly Session[];
}
