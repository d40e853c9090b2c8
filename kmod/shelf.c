// SPDX-License-Identifier: GPL-2.0
/* Shelves of packed rules; see core/pack.h. Process context, may sleep. */
#include <linux/mm.h>
#include <net/netlink.h>
#include "book.h"

/* What the other rules are held against: the first one's bytes. */
static struct nlattr *bytes_of(struct zonefw_shelf *s)
{
	return (struct nlattr *)s->data;
}

/* Its rules' zones are in its own copy of the first rule. */
static void like_fill(struct zonefw_shelf *s, const struct zonefw_rule *like)
{
	const u8 *was = like->blob, *is = s->data;

	s->like = (struct zonefw_rule){ .action = like->action, .blob = bytes_of(s),
					.nfrom = like->nfrom, .nto = like->nto };
	s->like.from = (const u16 *)(is + ((const u8 *)like->from - was));
	s->like.to = (const u16 *)(is + ((const u8 *)like->to - was));
}

/**
 * zonefw_shelf_alloc() - a shelf
 * @like: draft of its first rule
 * @image: the whole shelf, of which all but the head is filled in
 * @bytes: how long it is
 * @n: how many rules are on it
 *
 * Return: the shelf, with a reference of each rule, or NULL.
 */
struct zonefw_shelf *zonefw_shelf_alloc(const struct zonefw_rule *like, const void *image,
					u32 bytes, u32 n)
{
	struct zonefw_shelf *s = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	memcpy(s, image, bytes);
	refcount_set(&s->ref, n);
	s->bytes = bytes;
	like_fill(s, like);
	return s;
}

/* One of its rules is no more in a policy; with the last one, all go. */
void zonefw_shelf_put(struct zonefw_shelf *s)
{
	u32 at = sizeof(*s) + ALIGN(bytes_of(s)->nla_len, 8);
	struct zonefw_rule *r;

	if (!refcount_dec_and_test(&s->ref))
		return;
	for (; at < s->bytes; at += ALIGN(ZONEFW_HEAD + r->len, 8)) {
		r = (void *)s + at;
		zonefw_ident_put(r->ident);
	}
	kvfree(s);
}

/**
 * zonefw_rule_sent() - a rule as it was sent
 * @r: rule
 * @buf: room for ZONEFW_PACK_BYTES
 *
 * Return: the attribute, in @buf when the rule is packed.
 */
const struct nlattr *zonefw_rule_sent(const struct zonefw_rule *r, u32 *buf)
{
	if (!r->packed)
		return r->blob;
	zonefw_unpack(zonefw_shelf_of(r)->data, (const u8 *)r + ZONEFW_HEAD, r->len, (u8 *)buf);
	return (const struct nlattr *)buf;
}
