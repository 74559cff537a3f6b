import { create } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@tandem/base";
import { type ObservedEvent, ObservedEventSchema } from "../gen/sai_pb.js";
import type { Observed } from "../transport.js";
import { notificationMessage, notificationOf, replyMessage, replyOf, requestMessage, requestOf } from "./wire.js";

/** What an observer is sent. */
export function eventMessage(event: Observed): ObservedEvent {
  if (event.kind === "gap")
    return create(ObservedEventSchema, { what: { case: "missing", value: BigInt(event.count ?? 0) } });
  const { at } = event;
  switch (event.kind) {
    case "request": {
      const { id = "", request } = event;
      const value = requestMessage({ id, request, repeated: false, unanswered: false });
      return create(ObservedEventSchema, { at, what: { case: "request", value } });
    }
    case "reply":
      return create(ObservedEventSchema, {
        at,
        what: { case: "reply", value: replyMessage(event.id ?? "", "", event.reply) },
      });
    case "notification":
      return create(ObservedEventSchema, {
        at,
        what: { case: "notification", value: notificationMessage(event.notification) },
      });
  }
}

export function eventOf({ at, what }: ObservedEvent): Result<Observed, string> {
  switch (what.case) {
    case "request": {
      const sent = requestOf(what.value);
      if (!sent.ok) return err(sent.error.detail);
      return ok({ kind: "request", id: what.value.id || undefined, request: sent.value.request, at });
    }
    case "reply": {
      const reply = replyOf(what.value);
      return reply.ok ? ok({ kind: "reply", id: what.value.id || undefined, reply: reply.value, at }) : reply;
    }
    case "notification":
      return ok({ kind: "notification", notification: notificationOf(what.value), at });
    case "missing":
      return ok({ kind: "gap", count: Number(what.value) });
    default:
      return err("an event was expected, found none");
  }
}
