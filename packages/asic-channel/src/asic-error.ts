import { describeRequestFault, type RequestFault } from "./request.js";

/** Who holds one end of a channel. */
export interface Owner {
  /** What it calls itself, e.g. `syncd`. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Wall clock, milliseconds since 1970. */
  readonly since: number;
}

/**
 * How a request ended that has no reply. All but `unknown` mean that it was not executed and will not be.
 */
export type AsicError =
  | RequestFault
  /** A bound was reached: requests or bytes that wait for the server, or entries for an archiver. Try again later. */
  | { readonly kind: "queueFull"; readonly unit: "requests" | "bytes" | "unarchived"; readonly limit: number }
  /** What carries it refused it: out of memory, read-only, no connection. Nothing was stored. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It left, and no reply came: by the deadline, or before the connection or the server went. */
  | { readonly kind: "unknown"; readonly reason: string }
  | { readonly kind: "closed" };

export function describeAsicError(error: AsicError): string {
  switch (error.kind) {
    case "invalidRequest":
      return describeRequestFault(error);
    case "queueFull":
      if (error.unit === "unarchived")
        return `${error.limit} entries wait for an archiver already; this request was not sent`;
      return `${error.limit} ${error.unit} wait for the server already; this request was not sent`;
    case "refused":
      return `not sent: ${error.reason}`;
    case "unknown":
      return `sent, but how it ended is not known: ${error.reason}`;
    case "closed":
      return "not sent: this end of the channel is closed";
  }
}

/** Why an end of a channel could not be opened, or stopped. */
export type EndError =
  /** One server and one client per channel; the other one is there. */
  | { readonly kind: "taken"; readonly owner: Owner | undefined }
  | { readonly kind: "unusable"; readonly reason: string };

export function describeEndError(error: EndError): string {
  if (error.kind === "unusable") return error.reason;
  const { owner } = error;
  if (owner === undefined) return "another process has this end of the channel";
  return `${owner.name} on ${owner.host}, process ${owner.pid}, has this end of the channel since ${new Date(owner.since).toISOString()}`;
}
