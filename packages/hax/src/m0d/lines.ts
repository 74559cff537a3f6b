import { type Fid, formatFid } from "../fid.js";
import type { HaMessage } from "../motr/message.js";
import type { M0dEvent } from "./peer-ports.js";

/** One event for people. */
export function describeM0dEvent(event: M0dEvent): string {
  switch (event.kind) {
    case "connected":
      return `connected to ${event.hax}${event.another ? ", which is not the one of before" : ""}`;
    case "lost":
      return `connection lost: ${event.reason}`;
    case "entrypointAsked":
      return event.first ? "asks for its entrypoint, the first time" : "asks for its entrypoint again";
    case "entrypointAnswered":
      if (event.control === "QUERY") return "entrypoint: not now, ask again (QUERY)";
      return `entrypoint: ${event.confds.length} confds, quorum ${event.quorum}, RM ${formatFid(event.rmFid)} at ${event.rmEndpoint ?? "-"}`;
    case "linked":
      return event.reused ? "linked again" : "linked";
    case "unlinked":
      return `link closed by hax: ${event.reason}`;
    case "sent":
      return `${event.repeated ? "sends again" : "sends"} ${event.tag}: ${describeMessage(event.message)}`;
    case "delivered":
      return `delivered ${event.tag}`;
    case "notDelivered":
      return `not delivered ${event.tag}`;
    case "received":
      return `receives ${event.tag}: ${describeMessage(event.message)}`;
    case "getAnswered":
      return `GET ${event.idOfGet} is answered`;
    case "panic":
      return `Motr would abort: ${event.why}`;
    case "complaint":
      return event.text;
  }
}

/** The payload in few words; vectors with their first notes. */
export function describeMessage({ data }: HaMessage): string {
  if (data.type === "EVENT_PROCESS") return `${data.event} (${data.processType}, pid ${data.pid})`;
  if (data.type !== "NVEC") return data.type;
  const notes = data.notes.slice(0, 3).map(({ fid, state }) => `${formatFid(fid)} ${state}`);
  const more = data.notes.length > 3 ? `, and ${data.notes.length - 3} more` : "";
  const id = data.idOfGet === 0n ? "" : ` of GET ${data.idOfGet}`;
  return `NVEC ${data.direction}${id}: ${notes.join(", ")}${more}`;
}

/** One event as a line of JSON: fids as text, 64-bit numbers as decimal text. */
export function m0dJsonLine(process: Fid, time: number, event: M0dEvent): string {
  const line = {
    schema: "tandem.hax-m0d.v1",
    time: new Date(time).toISOString(),
    process: formatFid(process),
    ...event,
  };
  return JSON.stringify(line, (_, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (typeof value === "object" && value !== null && "container" in value && "key" in value)
      return formatFid(value as Fid);
    return value;
  });
}
