import { type Millis, millis } from "@tandem/base";

/** What a double does wrong, to be switched while it runs. */
export interface DoubleFaults {
  /** Every call that needs the cluster answers `500 No cluster leader`; calls that wait too. */
  noLeader: boolean;
  /** Every call answers 500. */
  failing: boolean;
  /** Every call is taken up this much later. */
  slow: Millis;
  /** A watch's POST leaves this much later. */
  watchLate: Millis;
  /** POSTs of watches that are lost from now on; each counts it down. */
  watchLost: number;
  /** Every POST of a watch is sent twice. */
  watchTwice: boolean;
}

export function calm(): DoubleFaults {
  return {
    ...{ noLeader: false, failing: false, slow: millis(0) },
    ...{ watchLate: millis(0), watchLost: 0, watchTwice: false },
  };
}
