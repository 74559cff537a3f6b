/*
 * A stand-in for Motr's header, written for tests: the same names and shapes, as far as haxlink uses them, over the
 * small stand-in library in stub.c. With libmotr its own header is used.
 */
#ifndef HAXLINK_STUB_INTERFACE_H
#define HAXLINK_STUB_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct m0_fid {
	uint64_t f_container;
	uint64_t f_key;
};

struct m0_uint128 {
	uint64_t u_hi;
	uint64_t u_lo;
};

struct m0_thread {
	int unused;
};

struct m0_halon_interface;
struct m0_ha_link;
struct m0_ha_msg;

int  m0_halon_interface_init(struct m0_halon_interface **hi_out, const char *build_git_rev_id,
			     const char *build_configure_opts, const char *debug_options, const char *node_uuid);
void m0_halon_interface_fini(struct m0_halon_interface *hi);
int  m0_halon_interface_thread_adopt(struct m0_halon_interface *hi, struct m0_thread *thread);
void m0_halon_interface_thread_shun(void);

int m0_halon_interface_start(
	struct m0_halon_interface *hi, const char *local_rpc_endpoint, const struct m0_fid *process_fid,
	const struct m0_fid *ha_service_fid, const struct m0_fid *rm_service_fid,
	void (*entrypoint_request_cb)(struct m0_halon_interface *hi, const struct m0_uint128 *req_id,
				      const char *remote_rpc_endpoint, const struct m0_fid *process_fid,
				      const char *git_rev_id, uint64_t pid, bool first_request),
	void (*msg_received_cb)(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg,
				uint64_t tag),
	void (*msg_is_delivered_cb)(struct m0_halon_interface *hi, struct m0_ha_link *hl, uint64_t tag),
	void (*msg_is_not_delivered_cb)(struct m0_halon_interface *hi, struct m0_ha_link *hl, uint64_t tag),
	void (*link_connected_cb)(struct m0_halon_interface *hi, const struct m0_uint128 *req_id,
				  struct m0_ha_link *link),
	void (*link_reused_cb)(struct m0_halon_interface *hi, const struct m0_uint128 *req_id, struct m0_ha_link *link),
	void (*link_absent_cb)(struct m0_halon_interface *hi, const struct m0_uint128 *req_id),
	void (*link_is_disconnecting_cb)(struct m0_halon_interface *hi, struct m0_ha_link *link),
	void (*link_disconnected_cb)(struct m0_halon_interface *hi, struct m0_ha_link *link));
void m0_halon_interface_stop(struct m0_halon_interface *hi);

void m0_halon_interface_entrypoint_reply(struct m0_halon_interface *hi, const struct m0_uint128 *req_id, int rc,
					 uint32_t confd_nr, const struct m0_fid *confd_fid_data,
					 const char **confd_eps_data, uint32_t confd_quorum,
					 const struct m0_fid *rm_fid, const char *rm_eps);
void m0_halon_interface_send(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg,
			     uint64_t *tag);
void m0_halon_interface_delivered(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg);
void m0_halon_interface_disconnect(struct m0_halon_interface *hi, struct m0_ha_link *hl);

#endif
