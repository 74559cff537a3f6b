/* Frames of hax.link.v1, as docs/hax-link.md has them: u32 length big-endian, kind, then atoms little-endian. */
#ifndef HAXLINK_WIRE_H
#define HAXLINK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	HELLO = 1, WELCOME, ENTRYPOINT_REQUEST, ENTRYPOINT_REPLY, LINK_CONNECTED, LINK_REUSED, LINK_ABSENT, MESSAGE,
	DELIVERED, NOT_DELIVERED, LINK_DISCONNECTING, DISCONNECT, LINK_DISCONNECTED, ERROR, PING, PONG,
};

enum { LINK_VERSION = 1, FRAME_MAX = 128 * 1024 };

struct id128 {
	uint64_t hi;
	uint64_t lo;
};

/* Bytes to write; grows. `failed` once there was no memory or more than the bound. */
struct out {
	uint8_t *bytes;
	size_t   len;
	size_t   room;
	bool     failed;
};

size_t frame_begin(struct out *out, enum frame_kind kind);
void   frame_end(struct out *out, size_t begin);
void   put_u8(struct out *out, uint8_t value);
void   put_u32(struct out *out, uint32_t value);
void   put_u64(struct out *out, uint64_t value);
void   put_id(struct out *out, struct id128 id);
void   put_text(struct out *out, const char *text);
void   put_raw(struct out *out, const void *bytes, size_t len);

/* A frame to read. `bad` once it was shorter than what was asked for; what is read then is 0. */
struct in {
	const uint8_t *bytes;
	size_t         len;
	size_t         at;
	bool           bad;
};

uint8_t        get_u8(struct in *in);
uint32_t       get_u32(struct in *in);
uint64_t       get_u64(struct in *in);
struct id128   get_id(struct in *in);
/* A text of the caller's to free; never null unless there is no memory. */
char          *get_text(struct in *in);
const uint8_t *get_rest(struct in *in, size_t *len);

#endif
