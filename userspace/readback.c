// SPDX-License-Identifier: GPL-2.0
/* The policy in force, read back: whole, or its rules by their text only. */
#include "cmd.h"

#include <errno.h>

struct ids { uint16_t *ids; zrefvec refs; };
struct dump {
	bool texts;			/* rules as their text, not through the parser */
	bool raw;			/* and as they came, to be sent again */
	bool frame;			/* neither rules nor defaults nor members */
	struct sbuf text;
	VEC(struct zone) zs;
	VEC(struct rule *) rs;
	struct model *sets;		/* holds only these */
	struct ids from, to;		/* of the rule before */
};

static uint64_t u64_of(struct nlattr *a)
{
	return a ? nla_get_u64(a) : 0;
}

static void zone_reply(struct nlattr **tb, void *arg)
{
	struct nlattr *az[ZONEFW_AZ_MAX + 1];
	struct dump *d = arg;
	struct zone z = { 0 };
	struct nlattr *a;
	int rem;

	z.id = tb[ZONEFW_A_ID] ? (int)nla_get_u32(tb[ZONEFW_A_ID]) : d->zs.n + 1;
	z.packets = u64_of(tb[ZONEFW_A_PACKETS]);
	z.bytes = u64_of(tb[ZONEFW_A_BYTES]);
	z.name = "self";
	if (tb[ZONEFW_A_ZONE] && nla_parse_nested(az, ZONEFW_AZ_MAX, tb[ZONEFW_A_ZONE], nl_attr_zone) >= 0) {
		if (az[ZONEFW_AZ_NAME])
			z.name = xstrdup(nla_get_string(az[ZONEFW_AZ_NAME]));
		if (az[ZONEFW_AZ_TEXT])
			z.text = xstrdup(nla_get_string(az[ZONEFW_AZ_TEXT]));
	}
	nla_for_each_attr(a, nl_head, nl_len, rem)	/* repeated: not in tb */
		if (nla_type(a) == ZONEFW_A_DEVNAME)
			PUSH(z.devices, xstrdup(nla_get_string(a)));
	if (z.text && z.id)
		sb_fmt(&d->text, "%s\n", z.text);
	PUSH(d->zs, z);
}

static int action_of(const char *text)
{
	size_t n = strcspn(text, " ");

	for (int i = 0; i < __ZONEFW_ACTION_MAX; i++)
		if (strlen(action_words[i]) == n && !strncmp(text, action_words[i], n))
			return i;
	return ZONEFW_ACCEPT;
}

static const char *dump_zone(struct dump *d, int id)
{
	if (id == ZONEFW_ZONE_ANY)
		return "any";
	for (int i = 0; i < d->zs.n; i++)
		if (d->zs.v[i].id == id)
			return d->zs.v[i].name;
	return id ? xfmt("?%d", id) : "self";
}

/* the zones of an attribute; rules in a row share one list */
static void id_list(struct dump *d, struct nlattr *a, struct ids *last)
{
	const uint16_t *ids = a ? nla_data(a) : NULL;
	int n = a ? nla_len(a) / 2 : 0;

	if (last->refs.n == n && n && !memcmp(last->ids, ids, (size_t)n * sizeof(*ids)))
		return;
	last->refs = (zrefvec){ 0 };
	last->ids = n ? memcpy(xalloc((size_t)n * sizeof(*ids)), ids, (size_t)n * sizeof(*ids)) : NULL;
	for (int i = 0; i < n; i++)
		PUSH(last->refs, ((struct zref){ .name = (char *)dump_zone(d, ids[i]) }));
}

static char *str_of(struct nlattr *a)
{
	return a ? xstrdup(nla_get_string(a)) : NULL;
}

static void rule_reply(struct nlattr **tb, void *arg)
{
	struct nlattr *ar[ZONEFW_AR_MAX + 1];
	struct dump *d = arg;
	struct rule *r;

	if (!tb[ZONEFW_A_RULE] || nla_parse_nested(ar, ZONEFW_AR_MAX, tb[ZONEFW_A_RULE], nl_attr_rule) < 0 ||
	    !ar[ZONEFW_AR_TEXT])
		return;
	r = xalloc(sizeof(*r));
	r->id = tb[ZONEFW_A_ID] ? nla_get_u32(tb[ZONEFW_A_ID]) : 0;
	r->packets = u64_of(tb[ZONEFW_A_PACKETS]);
	r->bytes = u64_of(tb[ZONEFW_A_BYTES]);
	r->flows = u64_of(tb[ZONEFW_A_NEW_FLOWS]);
	r->first = tb[ZONEFW_A_FIRST_HIT] ? nla_get_u32(tb[ZONEFW_A_FIRST_HIT]) : 0;
	r->last = tb[ZONEFW_A_LAST_HIT] ? nla_get_u32(tb[ZONEFW_A_LAST_HIT]) : 0;
	r->where = str_of(ar[ZONEFW_AR_WHERE]);
	id_list(d, ar[ZONEFW_AR_FROM], &d->from);
	id_list(d, ar[ZONEFW_AR_TO], &d->to);
	if (d->texts) {
		r->text = str_of(ar[ZONEFW_AR_TEXT]);
		r->name = str_of(ar[ZONEFW_AR_NAME]);
		r->comment = str_of(ar[ZONEFW_AR_COMMENT]);
		r->action = action_of(r->text);
		r->from = d->from.refs;
		r->to = d->to.refs;
		if (d->raw)
			r->raw = memcpy(xalloc(tb[ZONEFW_A_RULE]->nla_len), tb[ZONEFW_A_RULE],
					tb[ZONEFW_A_RULE]->nla_len);
	} else {
		sb_fmt(&d->text, "%s -> %s { %s }\n", zrefs_text(&d->from.refs), zrefs_text(&d->to.refs),
		       nla_get_string(ar[ZONEFW_AR_TEXT]));
	}
	PUSH(d->rs, r);
}

static void celldef_reply(struct nlattr **tb, void *arg)
{
	struct nlattr *ac[ZONEFW_AC_MAX + 1];
	struct dump *d = arg;

	if (!tb[ZONEFW_A_CELLDEF] || nla_parse_nested(ac, ZONEFW_AC_MAX, tb[ZONEFW_A_CELLDEF], nl_attr_celldef) < 0 ||
	    !ac[ZONEFW_AC_TEXT] || !ac[ZONEFW_AC_FROM] || !ac[ZONEFW_AC_TO])
		return;
	sb_fmt(&d->text, "%s -> %s { %s }\n", dump_zone(d, nla_get_u16(ac[ZONEFW_AC_FROM])),
	       dump_zone(d, nla_get_u16(ac[ZONEFW_AC_TO])), nla_get_string(ac[ZONEFW_AC_TEXT]));
}

/* rules by their text only: their zones are looked up here, not by the parser */
static void texts_merge(struct model *m, struct dump *d)
{
	for (int i = 0; i < d->rs.n; i++) {
		struct rule *r = d->rs.v[i];

		for (int k = 0; k < 2; k++) {
			zrefvec *v = k ? &r->to : &r->from;

			for (int j = 0; j < v->n && !v->v[j].z; j++) {
				v->v[j].z = zone_find(m, v->v[j].name);
				if (v->v[j].z)
					v->v[j].z->used = true;
			}
		}
		PUSH(m->rules, r);
	}
}

static void dump_merge(struct model *m, struct dump *d)
{
	for (int i = 0; i < m->rules.n && i < d->rs.n; i++) {
		m->rules.v[i]->id = d->rs.v[i]->id;
		m->rules.v[i]->packets = d->rs.v[i]->packets;
		m->rules.v[i]->bytes = d->rs.v[i]->bytes;
		m->rules.v[i]->flows = d->rs.v[i]->flows;
		m->rules.v[i]->first = d->rs.v[i]->first;
		m->rules.v[i]->last = d->rs.v[i]->last;
		m->rules.v[i]->where = d->rs.v[i]->where;
	}
	for (int i = 0; i < d->sets->sets.n; i++) {
		struct set *s = set_find(m, d->sets->sets.v[i]->name);

		if (s)
			s->elems = d->sets->sets.v[i]->elems;
	}
	for (int i = 0; i < d->zs.n; i++) {
		struct zone *z = zone_find(m, d->zs.v[i].name);

		if (!z)
			continue;
		z->devices = d->zs.v[i].devices;
		z->packets = d->zs.v[i].packets;
		z->bytes = d->zs.v[i].bytes;
	}
}

static int dump_all(struct dump *d, struct info *i)
{
	static const struct { int cmd; reply_fn fn; } dumps[] = {
		{ ZONEFW_CMD_GET_ZONES, zone_reply }, { ZONEFW_CMD_GET_RULES, rule_reply },
		{ ZONEFW_CMD_GET_CELLDEFS, celldef_reply } };
	int rc = codec_info(i);

	if (rc)
		return rc;
	sb_fmt(&d->text, "%s\n%s\n", i->opt, i->extra);
	rc = codec_sets(d->sets);
	if (!rc && !d->frame)
		rc = codec_setelems(d->sets);
	if (rc)
		return rc;
	for (int k = 0; k < d->sets->sets.n; k++)
		sb_fmt(&d->text, "%s { }\n", set_head_text(d->sets->sets.v[k]));
	for (int k = 0; k < (d->frame ? 1 : 3); k++) {
		int err = nl_do(nl_new(dumps[k].cmd, NLM_F_REQUEST | NLM_F_DUMP, 0), dumps[k].fn, d);

		if (err == -EINTR || err == -EAGAIN)
			return -EAGAIN;
		if (err)
			return nl_failed(err);
	}
	return 0;
}

/* an exit code; that others have changed the policy meanwhile is said here, all else has been said */
int codec_moved(int err)
{
	if (err != -EAGAIN)
		return err;
	fputs("zonefw: error: the policy keeps changing\n", stderr);
	return EX_REFUSED;
}

static struct model *running(int *err, bool texts, bool raw)
{
	for (int try = 0; try < 10; try++) {
		struct model *m = model_new();
		struct info i, after;
		struct dump d = { .sets = model_new(), .texts = texts, .raw = raw };
		int rc = dump_all(&d, &i);

		if (rc == -EAGAIN)
			continue;
		*err = rc ? rc : codec_info(&after);
		if (*err)
			return NULL;
		if (i.gen != after.gen)
			continue;
		if (!parse_text(m, "<running>", sb_str(&d.text)) || (!texts && m->rules.n != d.rs.n)) {
			diag_print(m, false);
			fputs("zonefw: the running policy cannot be read back\n", stderr);
			*err = EX_REFUSED;
			return NULL;
		}
		if (texts)
			texts_merge(m, &d);
		dump_merge(m, &d);
		cells_merge(m);
		m->gen = i.gen;
		return m;
	}
	*err = codec_moved(-EAGAIN);
	return NULL;
}

/* the running policy, read back through the parser; *err an exit code */
struct model *codec_running(int *err)
{
	return running(err, false, false);
}

/* the same with the members that its sets have now */
struct model *codec_saved(int *err)
{
	for (int try = 0; try < 10; try++) {
		struct model *m = codec_running(err);
		struct info after;

		for (int i = 0; m && !*err && i < m->sets.n; i++)
			*err = codec_members(m->sets.v[i]);
		if (!*err)
			*err = codec_info(&after);
		if (*err != -EAGAIN && (*err || after.gen == m->gen))
			return *err ? NULL : m;
	}
	*err = codec_moved(-EAGAIN);
	return NULL;
}

/* the same with rules known by text, name, comment, action and zones only: for who shows or compares them */
struct model *codec_texts(int *err)
{
	return running(err, true, false);
}

/* for a change of a rule or a default: the other rules go back as they came; assertions ask for all of them */
struct model *codec_edit(int *err)
{
	struct model *m = running(err, true, true);

	for (int i = 0; m && i < m->rules.n; i++)
		if (m->rules.v[i]->action >= ZONEFW_PUBLISH)	/* they are held against each other */
			return codec_running(err);
	return m && m->asserts.n ? codec_running(err) : m;
}

/* All that the words of a rule may refer to; what is read in between of another policy
 * does not match its generation, and a change built on that is refused.
 */
struct model *codec_frame(int *err)
{
	struct model *m = model_new();
	struct dump d = { .sets = model_new(), .frame = true };
	struct info i;

	*err = dump_all(&d, &i);
	if (*err)
		return NULL;
	if (!i.gen || i.state != ZONEFW_STATE_ACTIVE || !parse_text(m, "<running>", sb_str(&d.text))) {
		*err = EX_REFUSED;
		return NULL;
	}
	m->gen = i.gen;
	return m;
}

/* blocks left by the reading back: one per pair of words, none empty */
void cells_merge(struct model *m)
{
	int n = 0;

	for (int i = 0; i < m->cells.n; i++)
		if (*cell_text(m->cells.v[i]))
			m->cells.v[n++] = m->cells.v[i];
	m->cells.n = n;
}

static void cells_reply(struct nlattr **tb, void *arg)
{
	cellvec *v = arg;
	struct cellstat c = { 0 };

	if (!tb[ZONEFW_A_FROM] || !tb[ZONEFW_A_TO])
		return;
	c.from = nla_get_u16(tb[ZONEFW_A_FROM]);
	c.to = nla_get_u16(tb[ZONEFW_A_TO]);
	c.action = tb[ZONEFW_A_ACTION] ? nla_get_u8(tb[ZONEFW_A_ACTION]) : ZONEFW_DROP;
	c.flags = tb[ZONEFW_A_CELLFLAGS] ? nla_get_u32(tb[ZONEFW_A_CELLFLAGS]) : 0;
	c.count = tb[ZONEFW_A_COUNT] ? nla_get_u32(tb[ZONEFW_A_COUNT]) : 0;
	c.packets = u64_of(tb[ZONEFW_A_PACKETS]);
	c.bytes = u64_of(tb[ZONEFW_A_BYTES]);
	PUSH(*v, c);
}

int codec_cells(struct model *m, void *vec)
{
	int err = nl_do(nl_new(ZONEFW_CMD_GET_CELLS, NLM_F_REQUEST | NLM_F_DUMP, 0), cells_reply, vec);

	(void)m;
	return err ? nl_failed(err) : 0;
}
