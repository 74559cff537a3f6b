/*
 * A Motr that does what it reads: one process behind one link, moved by lines on standard input, told on standard
 * output. `entrypoint`, `msg HEX`, `disconnecting`, `disconnected`, `quit`. Messages that are sent to the process are
 * delivered at once.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ha/halon/interface.h"
#include "ha/msg.h"
#include "ha/msg_xc.h"
#include "xcode/xcode.h"

struct m0_ha_link {
	uint64_t next_tag;
};

struct m0_halon_interface {
	struct m0_ha_link link;
	bool              linked;
	uint64_t          requests;
	uint64_t          from_process;
	pthread_t         reader;
	void (*entrypoint)(struct m0_halon_interface *, const struct m0_uint128 *, const char *, const struct m0_fid *,
			   const char *, uint64_t, bool);
	void (*received)(struct m0_halon_interface *, struct m0_ha_link *, const struct m0_ha_msg *, uint64_t);
	void (*delivered)(struct m0_halon_interface *, struct m0_ha_link *, uint64_t);
	void (*connected)(struct m0_halon_interface *, const struct m0_uint128 *, struct m0_ha_link *);
	void (*reused)(struct m0_halon_interface *, const struct m0_uint128 *, struct m0_ha_link *);
	void (*disconnecting)(struct m0_halon_interface *, struct m0_ha_link *);
	void (*disconnected)(struct m0_halon_interface *, struct m0_ha_link *);
};

const struct m0_xcode_type *m0_ha_msg_xc = NULL;

static void say(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

int m0_xcode_obj_enc_to_buf(struct m0_xcode_obj *obj, void **buf, m0_bcount_t *len)
{
	struct m0_ha_msg *msg = obj->xo_ptr;

	*len = msg->len;
	*buf = malloc(msg->len);
	if (*buf == NULL)
		return -12;
	memcpy(*buf, msg->bytes, msg->len);
	return 0;
}

int m0_xcode_obj_dec_from_buf(struct m0_xcode_obj *obj, void *buf, m0_bcount_t len)
{
	struct m0_ha_msg *msg = obj->xo_ptr;

	if (len > sizeof msg->bytes)
		return -22;
	msg->len = len;
	memcpy(msg->bytes, buf, len);
	return 0;
}

static void ask(struct m0_halon_interface *hi)
{
	const struct m0_fid     process = {0x7200000000000001, 0x10};
	const struct m0_uint128 id = {0, ++hi->requests};

	hi->entrypoint(hi, &id, "inet:tcp:127.0.0.1@21003", &process, "stub", 4242, hi->requests == 1);
}

static void message(struct m0_halon_interface *hi, const char *hex)
{
	struct m0_ha_msg *msg = calloc(1, sizeof *msg);
	unsigned int      byte;

	if (msg == NULL)
		return;
	while (msg->len < sizeof msg->bytes && sscanf(hex, "%2x", &byte) == 1) {
		msg->bytes[msg->len++] = (uint8_t)byte;
		hex += 2;
	}
	hi->from_process += 2;
	hi->received(hi, &hi->link, msg, hi->from_process);
}

static void *read_lines(void *arg)
{
	struct m0_halon_interface *hi = arg;
	static char                line[50000];

	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "entrypoint") == 0)
			ask(hi);
		else if (strncmp(line, "msg ", 4) == 0)
			message(hi, line + 4);
		else if (strcmp(line, "disconnecting") == 0)
			hi->disconnecting(hi, &hi->link);
		else if (strcmp(line, "disconnected") == 0)
			hi->disconnected(hi, &hi->link);
		else if (strcmp(line, "quit") == 0)
			exit(0);
	}
	return NULL;
}

int m0_halon_interface_init(struct m0_halon_interface **hi_out, const char *rev, const char *opts, const char *debug,
			    const char *uuid)
{
	(void)rev, (void)opts, (void)debug, (void)uuid;
	*hi_out = calloc(1, sizeof **hi_out);
	if (*hi_out == NULL)
		return -12;
	(*hi_out)->link.next_tag = 1;
	return 0;
}

void m0_halon_interface_fini(struct m0_halon_interface *hi) { free(hi); }

int m0_halon_interface_thread_adopt(struct m0_halon_interface *hi, struct m0_thread *thread)
{
	(void)hi, (void)thread;
	return 0;
}

void m0_halon_interface_thread_shun(void) {}

int m0_halon_interface_start(
	struct m0_halon_interface *hi, const char *endpoint, const struct m0_fid *process, const struct m0_fid *ha,
	const struct m0_fid *rm,
	void (*entrypoint)(struct m0_halon_interface *, const struct m0_uint128 *, const char *,
			   const struct m0_fid *, const char *, uint64_t, bool),
	void (*received)(struct m0_halon_interface *, struct m0_ha_link *, const struct m0_ha_msg *, uint64_t),
	void (*delivered)(struct m0_halon_interface *, struct m0_ha_link *, uint64_t),
	void (*not_delivered)(struct m0_halon_interface *, struct m0_ha_link *, uint64_t),
	void (*connected)(struct m0_halon_interface *, const struct m0_uint128 *, struct m0_ha_link *),
	void (*reused)(struct m0_halon_interface *, const struct m0_uint128 *, struct m0_ha_link *),
	void (*absent)(struct m0_halon_interface *, const struct m0_uint128 *),
	void (*disconnecting)(struct m0_halon_interface *, struct m0_ha_link *),
	void (*disconnected)(struct m0_halon_interface *, struct m0_ha_link *))
{
	(void)endpoint, (void)process, (void)ha, (void)rm, (void)not_delivered, (void)absent;
	hi->entrypoint = entrypoint;
	hi->received = received;
	hi->delivered = delivered;
	hi->connected = connected;
	hi->reused = reused;
	hi->disconnecting = disconnecting;
	hi->disconnected = disconnected;
	return pthread_create(&hi->reader, NULL, read_lines, hi) == 0 ? 0 : -11;
}

void m0_halon_interface_stop(struct m0_halon_interface *hi) { (void)hi; }

void m0_halon_interface_entrypoint_reply(struct m0_halon_interface *hi, const struct m0_uint128 *id, int rc,
					 uint32_t confd_nr, const struct m0_fid *fids, const char **eps,
					 uint32_t quorum, const struct m0_fid *rm_fid, const char *rm_eps)
{
	char line[512];

	snprintf(line, sizeof line, "reply %llu rc=%d confds=%u first=%s quorum=%u rm=%llx at %s",
		 (unsigned long long)id->u_lo, rc, confd_nr, confd_nr > 0 && fids[0].f_key > 0 ? eps[0] : "-", quorum,
		 (unsigned long long)(rm_fid == NULL ? 0 : rm_fid->f_key), rm_eps == NULL ? "-" : rm_eps);
	say(line);
	(hi->linked ? hi->reused : hi->connected)(hi, id, &hi->link);
	hi->linked = true;
}

struct outcome {
	struct m0_halon_interface *hi;
	struct m0_ha_link         *hl;
	uint64_t                   tag;
};

/* As Motr does, on a thread of its own. */
static void *tell_outcome(void *arg)
{
	struct outcome *outcome = arg;

	outcome->hi->delivered(outcome->hi, outcome->hl, outcome->tag);
	free(outcome);
	return NULL;
}

void m0_halon_interface_send(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg,
			     uint64_t *tag)
{
	struct outcome *outcome;
	pthread_t       thread;
	char            line[64];

	*tag = hl->next_tag;
	hl->next_tag += 2;
	snprintf(line, sizeof line, "sent %llu of %zu bytes", (unsigned long long)*tag, msg->len);
	say(line);
	outcome = malloc(sizeof *outcome);
	if (outcome == NULL)
		return;
	*outcome = (struct outcome){hi, hl, *tag};
	if (pthread_create(&thread, NULL, tell_outcome, outcome) == 0)
		pthread_detach(thread);
}

void m0_halon_interface_delivered(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg)
{
	char     line[64];
	uint64_t tag = 0;

	(void)hi, (void)hl;
	memcpy(&tag, msg->bytes + msg->len - 8, 8);
	snprintf(line, sizeof line, "delivered %llu", (unsigned long long)tag);
	say(line);
	free((void *)msg);
}

void m0_halon_interface_disconnect(struct m0_halon_interface *hi, struct m0_ha_link *hl)
{
	(void)hi, (void)hl;
	say("disconnect");
}
