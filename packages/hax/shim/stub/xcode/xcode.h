/* A stand-in for the two calls that haxlink makes. */
#ifndef HAXLINK_STUB_XCODE_H
#define HAXLINK_STUB_XCODE_H

#include <stdint.h>

typedef uint64_t m0_bcount_t;
struct m0_xcode_type;

struct m0_xcode_obj {
	const struct m0_xcode_type *xo_type;
	void                       *xo_ptr;
};

#define M0_XCODE_OBJ(type, ptr) ((struct m0_xcode_obj){.xo_type = (type), .xo_ptr = (ptr)})

int m0_xcode_obj_enc_to_buf(struct m0_xcode_obj *obj, void **buf, m0_bcount_t *len);
int m0_xcode_obj_dec_from_buf(struct m0_xcode_obj *obj, void *buf, m0_bcount_t len);

#endif
