#ifndef HAXLINK_STUB_MSG_XC_H
#define HAXLINK_STUB_MSG_XC_H

struct m0_xcode_type;
extern const struct m0_xcode_type *m0_ha_msg_xc;

#endif
