/** TTL of a new message. */
export const TTL_NEW = 64;
/** TTL of a route announcement: it arrives as 1 and is never passed on. */
export const TTL_ANNOUNCEMENT = 2;
