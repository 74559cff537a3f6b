/*
 * haxlink: Motr's HA links on one side, hax.link.v1 on the other. Each function and callback of m0_halon_interface is
 * one frame. A message of Motr is held until hax has said `delivered`, so that a hax that restarts is told again.
 *
 * Callbacks come on threads of Motr and never wait: they note what happened and wake the loop. The loop alone talks to
 * hax, and calls Motr for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ha/halon/interface.h"
#include "ha/msg.h"
#include "ha/msg_xc.h"
#include "xcode/xcode.h"

#include "wire.h"

enum {
	REQUESTS_MAX = 1024,  /* One more ends the program: Motr does not survive a dropped request. */
	LINKS_MAX = 4096,     /* The same. */
	SENT_MAX = 1024,      /* Messages of hax that Motr has not answered, per link; one more ends the connection. */
	RECONNECT_MS = 500,
	SILENCE_S = 15,
};

struct request {
	struct request  *next;
	struct id128     id;
	struct m0_fid    process;
	char            *endpoint;
	char            *git_rev;
	uint64_t         pid;
	bool             first;
	bool             replied;
};

/* A message of Motr that hax has not acknowledged. */
struct held {
	struct held            *next;
	const struct m0_ha_msg *msg;
	uint64_t                tag;
	void                   *bytes;
	m0_bcount_t             len;
	bool                    sent;
	/* Id of the question that it asks, or 0. */
	uint64_t                question;
	/* Motr has the answer: one that comes again is of a hax that was told the question again. */
	bool                    answered;
};

struct sent {
	uint64_t hax_tag;
	uint64_t motr_tag;
};

struct link {
	struct link       *next;
	struct m0_ha_link *hl;
	struct id128       id;
	struct m0_fid      process;
	char              *endpoint;
	struct held       *held;
	struct sent        sent[SENT_MAX];
	size_t             sent_nr;
	uint64_t           hax_next;
	uint64_t           peer_next;
	bool               announced;
	bool               disconnecting;
	/* Motr has ended it; it stays until hax has what is held. */
	bool               ended;
	int64_t            relink_at;
};

static struct {
	pthread_mutex_t            lock;
	struct m0_halon_interface *hi;
	const char                *path;
	int                        socket;
	int                        wake;
	bool                       welcomed;
	uint32_t                   window;
	struct id128               self;
	uint64_t                   links_made;
	struct request            *requests;
	size_t                     requests_nr;
	struct link               *links;
	size_t                     links_nr;
	struct out                 out;
	uint8_t                    in[4 + FRAME_MAX];
	size_t                     in_len;
	int64_t                    heard_at;
	volatile sig_atomic_t      stopping;
} g = {.socket = -1};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void die(const char *why)
{
	fprintf(stderr, "haxlink: %s\n", why);
	exit(1);
}

static void *must(void *memory)
{
	if (memory == NULL)
		die("out of memory");
	return memory;
}

static void lock(void) { pthread_mutex_lock(&g.lock); }
static void unlock(void) { pthread_mutex_unlock(&g.lock); }

static void wake(void)
{
	const uint64_t one = 1;

	if (write(g.wake, &one, sizeof one) < 0 && errno != EAGAIN)
		die("cannot wake the loop");
}

/* ---- what is said to hax ---- */

static void put_fid(struct out *out, const struct m0_fid *fid)
{
	put_u64(out, fid->f_container);
	put_u64(out, fid->f_key);
}

static void say_hello(void)
{
	struct timespec t;
	size_t          at = frame_begin(&g.out, HELLO);

	clock_gettime(CLOCK_REALTIME, &t);
	put_u32(&g.out, LINK_VERSION);
	put_text(&g.out, "haxlink");
	put_u64(&g.out, (uint64_t)getpid());
	put_u64(&g.out, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
	put_u64(&g.out, 0);
	put_id(&g.out, g.self);
	frame_end(&g.out, at);
}

static void say_request(const struct request *r)
{
	size_t at = frame_begin(&g.out, ENTRYPOINT_REQUEST);

	put_id(&g.out, r->id);
	put_text(&g.out, r->endpoint);
	put_fid(&g.out, &r->process);
	put_text(&g.out, r->git_rev);
	put_u64(&g.out, r->pid);
	put_u8(&g.out, r->first);
	put_u64(&g.out, 0);
	frame_end(&g.out, at);
}

static void say_link(struct link *l, enum frame_kind kind, struct id128 request)
{
	size_t at = frame_begin(&g.out, kind);

	put_id(&g.out, request);
	put_id(&g.out, l->id);
	put_fid(&g.out, &l->process);
	put_text(&g.out, l->endpoint);
	put_u64(&g.out, l->hax_next);
	put_u64(&g.out, l->held == NULL ? l->peer_next : l->held->tag);
	frame_end(&g.out, at);
	l->announced = true;
	l->relink_at = 0;
}

static void say_tag(const struct link *l, enum frame_kind kind, uint64_t tag)
{
	size_t at = frame_begin(&g.out, kind);

	put_id(&g.out, l->id);
	put_u64(&g.out, tag);
	frame_end(&g.out, at);
}

static void say_parting(const struct link *l, enum frame_kind kind, const char *reason)
{
	size_t at = frame_begin(&g.out, kind);

	put_id(&g.out, l->id);
	put_text(&g.out, reason);
	frame_end(&g.out, at);
}

static void say_plain(enum frame_kind kind) { frame_end(&g.out, frame_begin(&g.out, kind)); }

/* Messages that hax may have: as many as it lets wait. */
static void say_messages(struct link *l)
{
	uint32_t waiting = 0;

	if (!g.welcomed || !l->announced)
		return;
	for (struct held *h = l->held; h != NULL && waiting < g.window; h = h->next, waiting++) {
		size_t at;

		if (h->sent)
			continue;
		at = frame_begin(&g.out, MESSAGE);
		put_id(&g.out, l->id);
		put_u64(&g.out, h->tag);
		put_raw(&g.out, h->bytes, h->len);
		frame_end(&g.out, at);
		h->sent = true;
	}
}

/* ---- what Motr tells ---- */

static struct link *link_of(const struct m0_ha_link *hl)
{
	struct link *l = g.links;

	while (l != NULL && l->hl != hl)
		l = l->next;
	return l;
}

static struct link *link_by_id(struct id128 id)
{
	struct link *l = g.links;

	while (l != NULL && (l->id.hi != id.hi || l->id.lo != id.lo))
		l = l->next;
	return l;
}

static struct request **request_at(struct id128 id)
{
	struct request **at = &g.requests;

	while (*at != NULL && ((*at)->id.hi != id.hi || (*at)->id.lo != id.lo))
		at = &(*at)->next;
	return at;
}

static void forget_request(struct request **at)
{
	struct request *r = *at;

	*at = r->next;
	g.requests_nr--;
	free(r->endpoint);
	free(r->git_rev);
	free(r);
}

static void on_entrypoint(struct m0_halon_interface *hi, const struct m0_uint128 *req_id, const char *endpoint,
			  const struct m0_fid *process, const char *git_rev, uint64_t pid, bool first)
{
	struct request  *r = must(calloc(1, sizeof *r));
	struct request **end = &g.requests;

	(void)hi;
	r->id = (struct id128){req_id->u_hi, req_id->u_lo};
	r->process = *process;
	r->endpoint = must(strdup(endpoint));
	r->git_rev = must(strdup(git_rev));
	r->pid = pid;
	r->first = first;
	lock();
	if (++g.requests_nr > REQUESTS_MAX)
		die("more than 1024 entrypoint requests wait for hax");
	while (*end != NULL)
		end = &(*end)->next;
	*end = r;
	if (g.welcomed)
		say_request(r);
	unlock();
	wake();
}

static void on_link(const struct m0_uint128 *req_id, struct m0_ha_link *hl, enum frame_kind kind)
{
	const struct id128 id = {req_id->u_hi, req_id->u_lo};
	struct request   **at;
	struct link       *l;

	lock();
	at = request_at(id);
	l = link_of(hl);
	if (l == NULL && *at != NULL) {
		if (++g.links_nr > LINKS_MAX)
			die("more than 4096 links");
		l = must(calloc(1, sizeof *l));
		l->hl = hl;
		l->id = (struct id128){g.self.hi, ++g.links_made};
		l->process = (*at)->process;
		l->endpoint = must(strdup((*at)->endpoint));
		l->hax_next = 1;
		l->peer_next = 2;
		l->next = g.links;
		g.links = l;
	}
	if (l != NULL && g.welcomed) {
		/* A request of a connection that is gone is none of this one's. */
		say_link(l, kind, *at == NULL ? (struct id128){0, 0} : id);
		say_messages(l);
	}
	if (*at != NULL)
		forget_request(at);
	unlock();
	wake();
}

static void on_link_connected(struct m0_halon_interface *hi, const struct m0_uint128 *req_id, struct m0_ha_link *hl)
{
	(void)hi;
	on_link(req_id, hl, LINK_CONNECTED);
}

static void on_link_reused(struct m0_halon_interface *hi, const struct m0_uint128 *req_id, struct m0_ha_link *hl)
{
	(void)hi;
	on_link(req_id, hl, LINK_REUSED);
}

static void on_link_absent(struct m0_halon_interface *hi, const struct m0_uint128 *req_id)
{
	const struct id128 id = {req_id->u_hi, req_id->u_lo};
	struct request   **at;

	(void)hi;
	lock();
	at = request_at(id);
	if (*at != NULL) {
		if (g.welcomed) {
			size_t begin = frame_begin(&g.out, LINK_ABSENT);

			put_id(&g.out, id);
			frame_end(&g.out, begin);
		}
		forget_request(at);
	}
	unlock();
	wake();
}

/* The id of a vector in a message's bytes that is a SET (0) or a GET (1), or 0 where it is none: docs of m0_ha_msg. */
static uint64_t question_of(const uint8_t *bytes, size_t len, uint64_t direction)
{
	enum { TYPE_AT = 64, NVEC = 2 };
	struct in in = {bytes, len, TYPE_AT, false};

	if (get_u64(&in) != NVEC || get_u64(&in) != direction)
		return 0;
	const uint64_t id = get_u64(&in);
	return in.bad ? 0 : id;
}

static void on_message(struct m0_halon_interface *hi, struct m0_ha_link *hl, const struct m0_ha_msg *msg, uint64_t tag)
{
	struct held        *h = must(calloc(1, sizeof *h));
	struct m0_xcode_obj obj = M0_XCODE_OBJ(m0_ha_msg_xc, (void *)msg);
	struct link        *l;

	(void)hi;
	h->msg = msg;
	h->tag = tag;
	if (m0_xcode_obj_enc_to_buf(&obj, &h->bytes, &h->len) != 0)
		die("a message of Motr cannot be encoded");
	h->question = question_of(h->bytes, h->len, 1);
	lock();
	l = link_of(hl);
	if (l == NULL)
		die("a message over a link that was never connected");
	struct held **end = &l->held;
	while (*end != NULL)
		end = &(*end)->next;
	*end = h;
	l->peer_next = tag + 2;
	say_messages(l);
	unlock();
	wake();
}

static void on_outcome(struct m0_ha_link *hl, uint64_t motr_tag, enum frame_kind kind)
{
	struct link *l;

	lock();
	l = link_of(hl);
	for (size_t i = 0; l != NULL && i < l->sent_nr; i++) {
		if (l->sent[i].motr_tag != motr_tag)
			continue;
		if (g.welcomed && l->announced)
			say_tag(l, kind, l->sent[i].hax_tag);
		l->sent[i] = l->sent[--l->sent_nr];
		break;
	}
	unlock();
	wake();
}

static void on_delivered(struct m0_halon_interface *hi, struct m0_ha_link *hl, uint64_t tag)
{
	(void)hi;
	on_outcome(hl, tag, DELIVERED);
}

static void on_not_delivered(struct m0_halon_interface *hi, struct m0_ha_link *hl, uint64_t tag)
{
	(void)hi;
	on_outcome(hl, tag, NOT_DELIVERED);
}

static void on_disconnecting(struct m0_halon_interface *hi, struct m0_ha_link *hl)
{
	struct link *l;

	(void)hi;
	lock();
	l = link_of(hl);
	if (l != NULL) {
		l->disconnecting = true;
		if (g.welcomed && l->announced)
			say_parting(l, LINK_DISCONNECTING, "Motr ends the link");
		else
			/* Nobody is there to agree. */
			m0_halon_interface_disconnect(g.hi, hl);
	}
	unlock();
	wake();
}

static void free_link(struct link *gone, const char *reason)
{
	struct link **at = &g.links;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	g.links_nr--;
	if (g.welcomed && gone->announced)
		say_parting(gone, LINK_DISCONNECTED, reason);
	while (gone->held != NULL) {
		struct held *h = gone->held;

		gone->held = h->next;
		free(h->bytes);
		free(h);
	}
	free(gone->endpoint);
	free(gone);
}

static void on_disconnected(struct m0_halon_interface *hi, struct m0_ha_link *hl)
{
	struct link *l;

	(void)hi;
	lock();
	l = link_of(hl);
	if (l != NULL) {
		/* Motr takes its messages back; our copies are for hax. */
		for (struct held *h = l->held; h != NULL; h = h->next) {
			m0_halon_interface_delivered(g.hi, hl, h->msg);
			h->msg = NULL;
		}
		l->hl = NULL;
		l->ended = true;
		if (l->held == NULL)
			free_link(l, "Motr ended the link");
	}
	unlock();
	wake();
}

/* ---- what hax says ---- */

static void hang_up(const char *why)
{
	if (g.socket < 0)
		return;
	fprintf(stderr, "haxlink: connection to hax at %s is over: %s\n", g.path, why);
	close(g.socket);
	g.socket = -1;
	g.welcomed = false;
	g.in_len = 0;
	g.out.len = 0;
	g.out.failed = false;
	for (struct link *l = g.links; l != NULL; l = l->next) {
		l->announced = false;
		for (struct held *h = l->held; h != NULL; h = h->next)
			h->sent = false;
		if (l->disconnecting && !l->ended)
			m0_halon_interface_disconnect(g.hi, l->hl);
	}
}

static void hear_welcome(struct in *in)
{
	const uint32_t version = get_u32(in);

	if (version != LINK_VERSION) {
		hang_up("it speaks another version of hax.link");
		return;
	}
	free(get_text(in));
	for (int i = 0; i < 5; i++)
		get_u64(in);
	get_u32(in);
	g.window = get_u32(in);
	if (in->bad)
		return;
	g.welcomed = true;
	for (struct link *l = g.links; l != NULL; l = l->next) {
		say_link(l, LINK_REUSED, (struct id128){0, 0});
		say_messages(l);
	}
	for (struct request *r = g.requests; r != NULL; r = r->next)
		if (!r->replied)
			say_request(r);
}

static void hear_reply(struct in *in)
{
	const struct id128 id = get_id(in);
	const int          rc = (int)get_u32(in);
	const uint32_t     nr = get_u32(in);
	struct request    *r = *request_at(id);
	struct m0_fid     *fids;
	const char       **eps;

	if (in->bad || nr > (in->len - in->at) / 24) {
		in->bad = true;
		return;
	}
	fids = must(calloc(nr + 1, sizeof *fids));
	eps = must(calloc(nr + 1, sizeof *eps));
	for (uint32_t i = 0; i < nr; i++) {
		fids[i].f_container = get_u64(in);
		fids[i].f_key = get_u64(in);
		eps[i] = must(get_text(in));
	}
	const uint32_t quorum = get_u32(in);
	struct m0_fid  rm;
	rm.f_container = get_u64(in);
	rm.f_key = get_u64(in);
	char *rm_ep = get_u8(in) != 0 ? must(get_text(in)) : NULL;
	if (!in->bad && r != NULL && !r->replied) {
		const struct m0_uint128 req_id = {id.hi, id.lo};

		r->replied = true;
		m0_halon_interface_entrypoint_reply(g.hi, &req_id, rc, nr, fids, eps, quorum,
						    rm_ep == NULL ? NULL : &rm, rm_ep);
	}
	for (uint32_t i = 0; i < nr; i++)
		free((void *)eps[i]);
	free(eps);
	free(fids);
	free(rm_ep);
}

static void hear_message(struct in *in)
{
	struct link   *l = link_by_id(get_id(in));
	const uint64_t tag = get_u64(in);
	size_t         len = 0;
	const uint8_t *bytes = get_rest(in, &len);

	if (in->bad || l == NULL || l->ended || tag > l->hax_next)
		return;
	if (tag < l->hax_next) {
		/* Sent again: either Motr still has it, or its outcome was lost with a connection. */
		for (size_t i = 0; i < l->sent_nr; i++)
			if (l->sent[i].hax_tag == tag)
				return;
		say_tag(l, NOT_DELIVERED, tag);
		return;
	}
	if (l->sent_nr == SENT_MAX) {
		hang_up("more than 1024 messages before their answers");
		return;
	}
	const uint64_t answer = question_of(bytes, len, 0);
	struct held   *asked = answer == 0 ? NULL : l->held;

	while (asked != NULL && asked->question != answer)
		asked = asked->next;
	if (asked != NULL && asked->answered) {
		l->hax_next += 2;
		say_tag(l, DELIVERED, tag);
		return;
	}
	struct m0_ha_msg   *msg = must(calloc(1, sizeof *msg));
	struct m0_xcode_obj obj = M0_XCODE_OBJ(m0_ha_msg_xc, msg);

	if (m0_xcode_obj_dec_from_buf(&obj, (void *)bytes, len) == 0) {
		uint64_t motr_tag = 0;

		l->hax_next += 2;
		m0_halon_interface_send(g.hi, l->hl, msg, &motr_tag);
		l->sent[l->sent_nr++] = (struct sent){tag, motr_tag};
		if (asked != NULL)
			asked->answered = true;
	} else {
		hang_up("a message that Motr cannot decode");
	}
	free(msg);
}

static void hear_delivered(struct in *in)
{
	struct link   *l = link_by_id(get_id(in));
	const uint64_t tag = get_u64(in);

	for (struct held **at = l == NULL ? NULL : &l->held; at != NULL && *at != NULL; at = &(*at)->next) {
		struct held *h = *at;

		if (h->tag != tag)
			continue;
		*at = h->next;
		if (h->msg != NULL)
			m0_halon_interface_delivered(g.hi, l->hl, h->msg);
		free(h->bytes);
		free(h);
		if (l->ended && l->held == NULL)
			free_link(l, "Motr ended the link");
		else
			say_messages(l);
		return;
	}
}

/* Motr lets no one but itself end a link: unless it wants to, the link is told anew, and what is held with it. */
static void hear_disconnect(struct in *in)
{
	struct link *l = link_by_id(get_id(in));

	if (l == NULL)
		return;
	if (l->ended) {
		free_link(l, "as hax asked");
		return;
	}
	if (l->disconnecting) {
		m0_halon_interface_disconnect(g.hi, l->hl);
		return;
	}
	say_parting(l, LINK_DISCONNECTED, "as hax asked");
	l->announced = false;
	for (struct held *h = l->held; h != NULL; h = h->next)
		h->sent = false;
	l->relink_at = now_ms() + RECONNECT_MS;
}

static void hear(struct in *in)
{
	const uint8_t kind = get_u8(in);

	if (kind == WELCOME)
		hear_welcome(in);
	else if (kind == ENTRYPOINT_REPLY)
		hear_reply(in);
	else if (kind == MESSAGE)
		hear_message(in);
	else if (kind == DELIVERED)
		hear_delivered(in);
	else if (kind == DISCONNECT)
		hear_disconnect(in);
	else if (kind == PING)
		say_plain(PONG);
	else if (kind == ERROR) {
		get_u32(in);
		char *text = must(get_text(in));
		fprintf(stderr, "haxlink: hax says: %s\n", text);
		free(text);
	} else if (kind != PONG)
		in->bad = true;
	if (in->bad)
		hang_up("a frame that is none of hax.link.v1");
}

/* ---- the loop ---- */

static void dial(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof to.sun_path, "%s", g.path);
	g.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (g.socket >= 0 && connect(g.socket, (struct sockaddr *)&to, sizeof to) == 0) {
		fcntl(g.socket, F_SETFL, fcntl(g.socket, F_GETFL) | O_NONBLOCK);
		g.heard_at = now_ms();
		say_hello();
		return;
	}
	close(g.socket);
	g.socket = -1;
}

static void read_frames(void)
{
	ssize_t got = read(g.socket, g.in + g.in_len, sizeof g.in - g.in_len);
	size_t  at = 0;

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			hang_up(got == 0 ? "hax closed it" : strerror(errno));
		return;
	}
	g.heard_at = now_ms();
	g.in_len += (size_t)got;
	while (g.socket >= 0 && g.in_len - at >= 4) {
		const uint8_t *b = g.in + at;
		const uint32_t len = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

		if (len < 1 || len > FRAME_MAX) {
			hang_up("a frame that is too long");
			return;
		}
		if (g.in_len - at - 4 < len)
			break;
		struct in in = {.bytes = b + 4, .len = len};
		hear(&in);
		at += 4 + len;
	}
	if (g.socket < 0)
		return;
	memmove(g.in, g.in + at, g.in_len - at);
	g.in_len -= at;
}

static void write_frames(void)
{
	ssize_t done;

	if (g.out.failed) {
		hang_up("hax does not read");
		return;
	}
	if (g.socket < 0 || g.out.len == 0)
		return;
	done = send(g.socket, g.out.bytes, g.out.len, MSG_NOSIGNAL);
	if (done < 0) {
		if (errno != EAGAIN && errno != EINTR)
			hang_up(strerror(errno));
		return;
	}
	memmove(g.out.bytes, g.out.bytes + done, g.out.len - (size_t)done);
	g.out.len -= (size_t)done;
}

static void relink(void)
{
	const int64_t now = now_ms();

	for (struct link *l = g.links; g.welcomed && l != NULL; l = l->next) {
		if (l->announced || l->relink_at == 0 || now < l->relink_at)
			continue;
		say_link(l, LINK_REUSED, (struct id128){0, 0});
		say_messages(l);
	}
}

static void *loop(void *arg)
{
	static struct m0_thread self;

	(void)arg;
	if (m0_halon_interface_thread_adopt(g.hi, &self) != 0)
		die("Motr does not adopt the loop's thread");
	while (!g.stopping) {
		struct pollfd fds[2] = {{.fd = g.wake, .events = POLLIN}, {.fd = -1}};
		uint64_t      count;

		lock();
		if (g.socket < 0)
			dial();
		relink();
		write_frames();
		fds[1].fd = g.socket;
		fds[1].events = (short)(POLLIN | (g.out.len > 0 ? POLLOUT : 0));
		if (g.socket >= 0 && now_ms() - g.heard_at > SILENCE_S * 1000)
			hang_up("nothing heard for 15 s");
		unlock();
		if (poll(fds, 2, RECONNECT_MS) < 0 && errno != EINTR)
			die("cannot poll");
		if (fds[0].revents != 0 && read(g.wake, &count, sizeof count) < 0 && errno != EAGAIN)
			die("cannot read the event");
		lock();
		if (g.socket >= 0 && g.socket == fds[1].fd && fds[1].revents != 0)
			read_frames();
		unlock();
	}
	m0_halon_interface_thread_shun();
	return NULL;
}

static bool parse_fid(const char *text, struct m0_fid *fid)
{
	unsigned long long container, key;
	char               rest;

	if (sscanf(text, "%llx:%llx%c", &container, &key, &rest) != 2)
		return false;
	*fid = (struct m0_fid){container, key};
	return true;
}

static void stop(int signal)
{
	(void)signal;
	g.stopping = 1;
}

int main(int argc, char **argv)
{
	struct m0_fid       process, ha, rm;
	pthread_t           thread;
	pthread_mutexattr_t attr;
	sigset_t            mask;
	struct sigaction    on_stop = {.sa_handler = stop};

	if (argc != 6 || !parse_fid(argv[3], &process) || !parse_fid(argv[4], &ha) || !parse_fid(argv[5], &rm)) {
		fprintf(stderr, "Usage: haxlink HAX_SOCKET ENDPOINT PROCESS_FID HA_SERVICE_FID RM_SERVICE_FID\n"
				"fids as 0x7200000000000001:0x6\n");
		return 2;
	}
	g.path = argv[1];
	/* Motr may call back from within a call. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&g.lock, &attr);
	g.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (g.wake < 0 || getrandom(&g.self, sizeof g.self, 0) != sizeof g.self)
		die("no event or no randomness");
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);
	if (m0_halon_interface_init(&g.hi, "haxlink", "", "", NULL) != 0)
		die("Motr does not initialise");
	/* The loop runs first: start waits for the reply to haxlink's own entrypoint request. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (pthread_create(&thread, NULL, loop, NULL) != 0)
		die("no thread for the loop");
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	if (m0_halon_interface_start(g.hi, argv[2], &process, &ha, &rm, on_entrypoint, on_message, on_delivered,
				     on_not_delivered, on_link_connected, on_link_reused, on_link_absent,
				     on_disconnecting, on_disconnected) != 0)
		die("Motr does not start");
	while (!g.stopping)
		pause();
	wake();
	pthread_join(thread, NULL);
	m0_halon_interface_stop(g.hi);
	m0_halon_interface_fini(g.hi);
	return 0;
}
