import type { CrashPointName } from "@tandem/base";
import { compiled, Peer } from "../conformance/peer.js";
import type { OneEnd } from "./one-end.js";

/** One end of a channel in a process of its own. Disposing it kills it. */
export class EndProcess extends Peer {
  /** `dies` is where it kills itself, and the how manieth time that it comes there. */
  constructor(what: OneEnd, dies?: readonly [point: CrashPointName, time: number]) {
    super([compiled("testing/one-end.js"), JSON.stringify(what)], dies && `${dies[0]}:${dies[1]}`);
  }
}
