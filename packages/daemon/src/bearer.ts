import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request's `Authorization` carries the token. Takes as long for a wrong one as for the right one. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
