#include "wire.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 16 * 1024 * 1024 };

void put_raw(struct out *out, const void *bytes, size_t len)
{
	if (out->failed)
		return;
	if (out->len + len > out->room) {
		size_t   room = out->room * 2 > out->len + len ? out->room * 2 : out->len + len + 256;
		uint8_t *grown = room > OUT_MAX ? NULL : realloc(out->bytes, room);

		if (grown == NULL) {
			out->failed = true;
			return;
		}
		out->bytes = grown;
		out->room = room;
	}
	if (len > 0)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void put_le(struct out *out, uint64_t value, int size)
{
	uint8_t bytes[8];

	for (int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put_raw(out, bytes, (size_t)size);
}

void put_u8(struct out *out, uint8_t value) { put_le(out, value, 1); }
void put_u32(struct out *out, uint32_t value) { put_le(out, value, 4); }
void put_u64(struct out *out, uint64_t value) { put_le(out, value, 8); }

void put_id(struct out *out, struct id128 id)
{
	put_u64(out, id.hi);
	put_u64(out, id.lo);
}

void put_text(struct out *out, const char *text)
{
	size_t len = strlen(text);

	put_u64(out, len);
	put_raw(out, text, len);
}

size_t frame_begin(struct out *out, enum frame_kind kind)
{
	size_t begin = out->len;

	put_u32(out, 0);
	put_u8(out, (uint8_t)kind);
	return begin;
}

void frame_end(struct out *out, size_t begin)
{
	size_t len = out->len - begin - 4;

	if (out->failed)
		return;
	for (int i = 0; i < 4; i++)
		out->bytes[begin + (size_t)i] = (uint8_t)(len >> (24 - 8 * i));
}

static const uint8_t *take(struct in *in, uint64_t len)
{
	const uint8_t *at = in->bytes + in->at;

	if (in->bad || len > in->len - in->at) {
		in->bad = true;
		return NULL;
	}
	in->at += len;
	return at;
}

static uint64_t get_le(struct in *in, int size)
{
	const uint8_t *at = take(in, (uint64_t)size);
	uint64_t       value = 0;

	for (int i = 0; at != NULL && i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

uint8_t  get_u8(struct in *in) { return (uint8_t)get_le(in, 1); }
uint32_t get_u32(struct in *in) { return (uint32_t)get_le(in, 4); }
uint64_t get_u64(struct in *in) { return get_le(in, 8); }

struct id128 get_id(struct in *in)
{
	struct id128 id;

	id.hi = get_u64(in);
	id.lo = get_u64(in);
	return id;
}

char *get_text(struct in *in)
{
	uint64_t       len = get_u64(in);
	const uint8_t *at = take(in, len);
	char          *text = malloc(at == NULL ? 1 : len + 1);

	if (text == NULL)
		return NULL;
	if (at != NULL)
		memcpy(text, at, len);
	text[at == NULL ? 0 : len] = '\0';
	return text;
}

const uint8_t *get_rest(struct in *in, size_t *len)
{
	*len = in->len - in->at;
	return take(in, *len);
}
