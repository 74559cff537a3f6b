/* A stand-in: a message is the bytes that xcode would make of it. */
#ifndef HAXLINK_STUB_MSG_H
#define HAXLINK_STUB_MSG_H

#include <stddef.h>
#include <stdint.h>

struct m0_ha_msg {
	size_t  len;
	uint8_t bytes[20596];
};

#endif
