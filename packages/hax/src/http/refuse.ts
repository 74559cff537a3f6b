import type { FastifyReply } from "fastify";

/** The body that upstream's callers know. */
export function refuse(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply
    .code(status)
    .type("application/json; charset=utf-8")
    .send({
      ...{
        status_code: status,
        error_message: reason,
        error_type: status >= 500 ? "ServerError" : "RequestError",
        reason,
      },
    });
}
