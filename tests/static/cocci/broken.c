// SPDX-License-Identifier: GPL-2.0
/* Each function breaks the rule that it is named after, so that a rule that finds nothing any more is seen. */
static int locked_1(struct zonefw_ns *zn, int err) { mutex_lock(&zn->lock); if (err) return err; mutex_unlock(&zn->lock); return 0; }
static int locked_2(int err) { rcu_read_lock(); if (err) return err; rcu_read_unlock(); return 0; }
static int locked_3(struct zonefw_set *s, int err) { spin_lock_bh(&s->lock); if (err) return err; spin_unlock_bh(&s->lock); return 0; }
static void sleeps_1(void) { void *p; rcu_read_lock(); p = kzalloc(4, GFP_KERNEL); rcu_read_unlock(); }
static void sleeps_2(struct zonefw_set *s) { spin_lock_bh(&s->lock); synchronize_net(); spin_unlock_bh(&s->lock); }
static int pulled_1(struct sk_buff *skb, int n) { struct iphdr *h; h = ip_hdr(skb); if (!pskb_may_pull(skb, n)) return 0; return h->ttl; }
static int pulled_2(struct sk_buff *skb, int n) { struct iphdr *h = ip_hdr(skb); if (!pskb_may_pull(skb, n)) return 0; return h->ttl; }
static void unread_1(struct sk_buff *msg) { nla_put_u32(msg, 3, 4); }
static void memory_1(void) { struct zonefw_set *s = kzalloc(sizeof(*s), GFP_KERNEL); s->count = 1; }
static void memory_2(void) { struct zonefw_set *s; s = kzalloc(sizeof(*s), GFP_KERNEL); s->count = 1; }
static void memory_3(u32 n) { struct zonefw_set *s = kzalloc(n * sizeof(*s), GFP_KERNEL); if (s) s->count = 1; }
static void memory_4(u32 n) { u8 *s = kvzalloc(n, GFP_KERNEL); kfree(s); }
static void once_1(struct zonefw_ns *zn) { use(rcu_dereference(zn->policy)); use(rcu_dereference(zn->policy)); }
static void once_2(struct zonefw_ns *zn) { use(rcu_dereference(zn->fast)); use(rcu_dereference(zn->fast)); }
