import type { HaType, Nvec } from "../../motr/message.js";

/** What hax does about one message of a Motr process. */
export type Reaction =
  /** Counted, acknowledged, nothing else. */
  | "ignore"
  /** Ignored, or put into the event queue where that is asked for. */
  | "publish"
  /** Answered from what Consul knows. */
  | "answerGet"
  /** States that Motr found out itself: passed on to every link. */
  | "passOn"
  /** An empty failure vector, with the asker's cookie. */
  | "answerStub"
  | "answerKeepalive"
  /** The process's status goes into Consul; acknowledged when it is safe. */
  | "storeEvent"
  /** Counted and alarmed; the link stays. */
  | "alarm"
  /** The message is written out and hax ends with code 70. */
  | "panic";

/** How hax behaves: its own way, or to the letter of RFC 5/HAX. */
export type Profile = "default" | "strictSeed";

/** NVEC is two messages: its direction says which. */
export type MessageKind = Exclude<HaType, "NVEC"> | "NVEC GET" | "NVEC SET";

/** RFC 5/HAX, "Messages from Motr": every type has its line, which the compiler checks. docs/hax.md. */
export const REACTIONS = {
  STOB_IOQ: { default: "publish", strictSeed: "ignore" },
  "NVEC GET": { default: "answerGet", strictSeed: "answerGet" },
  "NVEC SET": { default: "passOn", strictSeed: "passOn" },
  FAILURE_VEC_REQ: { default: "answerStub", strictSeed: "answerStub" },
  FAILURE_VEC_REP: { default: "answerStub", strictSeed: "answerStub" },
  KEEPALIVE_REQ: { default: "answerKeepalive", strictSeed: "panic" },
  KEEPALIVE_REP: { default: "ignore", strictSeed: "panic" },
  EVENT_PROCESS: { default: "storeEvent", strictSeed: "storeEvent" },
  EVENT_SERVICE: { default: "ignore", strictSeed: "ignore" },
  EVENT_RPC: { default: "ignore", strictSeed: "ignore" },
  BE_IO_ERR: { default: "alarm", strictSeed: "panic" },
  SNS_ERR: { default: "alarm", strictSeed: "panic" },
} as const satisfies Record<MessageKind, Record<Profile, Reaction>>;

export function kindOf(data: { readonly type: HaType } & Partial<Pick<Nvec, "direction">>): MessageKind {
  return data.type === "NVEC" ? (data.direction === "GET" ? "NVEC GET" : "NVEC SET") : data.type;
}
