// SPDX-License-Identifier: GPL-2.0
/*
 * The most recent refused packets, kept without anyone listening: a ring per
 * namespace, written in the packet path, read by dumps. A token bucket stands
 * before it (ZONEFW_DROPS a second and as many at once), so that a flood costs
 * two loads and a counter per packet as a rule; what it keeps out is counted as
 * drops_lost. The ring's lock guards ring, head and tokens, for some hundred
 * instructions with bottom halves off; entries are filled in under it.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <net/netfilter/nf_conntrack.h>
#include "action.h"
#include "drops.h"
#include "nl/notify.h"
#include "skbkey.h"

struct zonefw_drops {
	spinlock_t lock;	/* all that follows */
	u64 head;		/* entries written so far */
	unsigned long stamp;	/* jiffies of the last refill */
	u32 tokens;
	struct zonefw_drop ring[ZONEFW_DROPS];
};

struct zonefw_drops *zonefw_drops_alloc(void)
{
	struct zonefw_drops *d = kvzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	if (!d)
		return NULL;
	spin_lock_init(&d->lock);
	d->stamp = jiffies;
	d->tokens = ZONEFW_DROPS;
	return d;
}

void zonefw_drops_free(struct zonefw_drops *d)
{
	kvfree(d);
}

/* Surely no token: what is there to write need not be collected. */
static bool is_dry(const struct zonefw_drops *d)
{
	return !READ_ONCE(d->tokens) && READ_ONCE(d->stamp) == jiffies;
}

/* The place of the next one, or NULL: no token. Under the lock. */
static struct zonefw_drop *next_place(struct zonefw_drops *d)
{
	unsigned long past = jiffies - d->stamp;
	u32 n;

	if (past) {
		n = past >= HZ ? ZONEFW_DROPS : past * ZONEFW_DROPS / HZ;
		if (n) {
			WRITE_ONCE(d->tokens, min_t(u32, d->tokens + n, ZONEFW_DROPS));
			WRITE_ONCE(d->stamp, jiffies);
		}
	}
	if (!d->tokens)
		return NULL;
	WRITE_ONCE(d->tokens, d->tokens - 1);
	return &d->ring[d->head++ % ZONEFW_DROPS];
}

/* Whole arrays are copied: a drop has four names, and a copy costs less than a look for the end. */
static __always_inline void zone_name(const struct zonefw_pkt *k, u16 zone, char *name)
{
	if (k->p && zone < k->p->nz)
		memcpy(name, k->p->zones[zone].name, ZONEFW_NAME_MAX + 1);
	else
		name[0] = '\0';
}

/* @from: of a struct net_device, or NULL. One that is renamed just now is cut short at worst. */
static __always_inline void dev_name_copy(const char *from, char *name)
{
	BUILD_BUG_ON(ZONEFW_DEVNAME != IFNAMSIZ);
	if (from)
		memcpy(name, from, IFNAMSIZ);
	else
		name[0] = '\0';
	name[IFNAMSIZ - 1] = '\0';
}

/* A plain TCP or UDP packet of a flow's original direction, nothing of which is translated. */
static void plain_key(const struct zonefw_pkt *k, const struct nf_conn *ct, struct zonefw_key *key)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;

	*key = (struct zonefw_key){ .proto = t->dst.protonum, .flags = ZONEFW_K_PORTS,
				    .sport = ntohs(t->src.u.all), .dport = ntohs(t->dst.u.all),
				    .in = k->st->in->name, .out = k->st->out->name };
	if (k->st->pf == NFPROTO_IPV4) {
		key->family = 4;
		memcpy(key->src, &t->src.u3.ip, 4);
		memcpy(key->dst, &t->dst.u3.ip, 4);
		return;
	}
	key->family = 6;
	memcpy(key->src, &t->src.u3, 16);
	memcpy(key->dst, &t->dst.u3, 16);
}

static void fill(const struct zonefw_pkt *k, const struct nf_conn *ct, struct zonefw_drop *e,
		 u8 action, u8 reason)
{
	e->when = ktime_get_real_ns();
	e->rule = k->rule;
	e->action = action;
	e->reason = reason;
	zone_name(k, k->from, e->from);
	zone_name(k, k->to, e->to);
	if (ct)
		plain_key(k, ct, &e->key);
	else	/* parsed here once more: some refusals come before the key is there */
		zonefw_skb_key(k->skb, k->st, &e->key);
	if (!e->key.family)
		e->key.family = k->st->pf == NFPROTO_IPV4 ? 4 : 6;
	dev_name_copy(e->key.in, e->in);
	dev_name_copy(e->key.out, e->out);
}

/* Into the ring, and where there are listeners into their copy, too. */
static bool keep(const struct zonefw_pkt *k, const struct nf_conn *ct, u8 action, u8 reason,
		 struct zonefw_drop *copy)
{
	struct zonefw_drops *d = k->zn->drops;
	struct zonefw_drop *e;

	spin_lock_bh(&d->lock);
	e = next_place(d);
	if (e) {
		fill(k, ct, e, action, reason);
		if (copy)
			*copy = *e;
	}
	spin_unlock_bh(&d->lock);
	return e;
}

static noinline bool keep_and_tell(const struct zonefw_pkt *k, const struct nf_conn *ct, u8 action,
				   u8 reason)
{
	struct zonefw_drop e ZONEFW_UNSET;

	if (!keep(k, ct, action, reason, &e))
		return false;
	e.key.in = e.in;
	e.key.out = e.out;
	zonefw_notify_packet(k->zn, k->p, &e.key, k->from, k->to, k->rule, action, reason, NULL);
	return true;
}

/**
 * zonefw_drops_record() - keep a refused packet, and tell listeners
 * @k: packet
 * @ct: the flow that a plain TCP or UDP packet of FORWARD opens untranslated; NULL: any other packet
 * @action: what happens to it
 * @reason: why
 *
 * Context: softirq or process, RCU read side.
 */
void zonefw_drops_record(const struct zonefw_pkt *k, const struct nf_conn *ct, u8 action, u8 reason)
{
	bool kept = false;

	if (!is_dry(k->zn->drops))	/* logged: the log has told them */
		kept = k->logged || !zonefw_listened(k->zn) ?
		       keep(k, ct, action, reason, NULL) : keep_and_tell(k, ct, action, reason);
	if (!kept)
		zonefw_stat(k->zn, ZONEFW_S_DROPS_LOST);
}

u64 zonefw_drops_head(struct zonefw_drops *d)
{
	u64 head;

	spin_lock_bh(&d->lock);
	head = d->head;
	spin_unlock_bh(&d->lock);
	return head;
}

/**
 * zonefw_drops_read() - an entry, or the oldest one that is still there
 * @d: ring
 * @seq: in/out: which; moved on when the ring has overtaken it
 * @out: copy; its key's device pointers are not valid
 *
 * Return: false when there is no such entry yet.
 */
bool zonefw_drops_read(struct zonefw_drops *d, u64 *seq, struct zonefw_drop *out)
{
	bool there;

	spin_lock_bh(&d->lock);
	if (*seq + ZONEFW_DROPS < d->head)
		*seq = d->head - ZONEFW_DROPS;
	there = *seq < d->head;
	if (there)
		*out = d->ring[*seq % ZONEFW_DROPS];
	spin_unlock_bh(&d->lock);
	return there;
}
