import type { Fid } from "../fid.js";
import type { Cookie, HaData, Nvec } from "../motr/message.js";
import { answerFault, setFault } from "../motr/nvec-rules.js";

/** The first id of a GET; they grow. */
const FIRST_GET = 100n;

/** What a Motr process has asked and holds hax to. */
export class Questions {
  #nextGet = FIRST_GET;
  #nextCookie = 1n;
  readonly #gets = new Map<bigint, readonly Fid[]>();
  readonly #cookies = new Set<bigint>();

  /** GETs without an answer, oldest first. */
  get open(): readonly bigint[] {
    return [...this.#gets.keys()];
  }

  waits(idOfGet: bigint): boolean {
    return this.#gets.has(idOfGet);
  }

  get(fids: readonly Fid[]): Nvec {
    const idOfGet = this.#nextGet;
    this.#nextGet += 1n;
    this.#gets.set(idOfGet, fids);
    return {
      ...{ type: "NVEC", direction: "GET", idOfGet, ignoreSameState: false },
      notes: fids.map((fid) => ({ fid, state: "UNKNOWN" as const })),
    };
  }

  failureVector(pool: Fid): HaData {
    const cookie: Cookie = { address: 0xffff_8000_0000_0000n + this.#nextCookie, generation: this.#nextCookie };
    this.#nextCookie += 1n;
    this.#cookies.add(cookie.address);
    return { type: "FAILURE_VEC_REQ", pool, cookie };
  }

  /** The rule that a message breaks, at which Motr aborts; a GET that is answered is closed. */
  take(data: HaData): string | undefined {
    if (data.type === "FAILURE_VEC_REP")
      return this.#cookies.delete(data.cookie.address)
        ? undefined
        : `failure vector with cookie 0x${data.cookie.address.toString(16)}, which nobody gave out`;
    if (data.type !== "NVEC") return undefined;
    if (data.direction === "GET") return "a GET of hax: only processes ask";
    const fault = setFault(data);
    if (fault !== undefined || data.idOfGet === 0n) return fault;
    const asked = this.#gets.get(data.idOfGet);
    if (asked === undefined) return `answer to GET ${data.idOfGet}, which does not wait for one`;
    this.#gets.delete(data.idOfGet);
    return answerFault(asked, data);
  }
}
