/* SPDX-License-Identifier: GPL-2.0 */
/*
 * covers K04 K05 K10: each command whole, then without each attribute that it needs, and without each two; each
 * command with what no request has; every string that people see, with what could forge a line. Part of nlcheck.c.
 */
enum { PLAIN = 1, ADD_EDIT, REPLACE_EDIT, DEL_EDIT, MOVE_EDIT };

/* by command; nest: the attribute it stands in, and the one around that in the upper half */
static const struct needed { int cmd, kind, nest, attr; const char *name; } needed[] = {
#define N(cmd, kind, nest, attr) { ZONEFW_CMD_##cmd, kind, nest, attr, #cmd "/" #attr }
#define IN(a, b) ((a) << 8 | (b))
	N(PANIC, 0, 0, ZONEFW_A_PANIC),
	N(APPLY, 0, 0, ZONEFW_A_ABI),
	N(APPLY, 0, ZONEFW_A_ZONE, ZONEFW_AZ_NAME),
	N(APPLY, 0, ZONEFW_A_SET, ZONEFW_AS_NAME),
	N(APPLY, 0, ZONEFW_A_SETELEMS, ZONEFW_AE_NAME),
	N(APPLY, 0, ZONEFW_A_SETELEMS, ZONEFW_AE_LIST),
	N(APPLY, 0, ZONEFW_A_RULE, ZONEFW_AR_FROM),
	N(APPLY, 0, ZONEFW_A_RULE, ZONEFW_AR_TO),
	N(APPLY, 0, ZONEFW_A_RULE, ZONEFW_AR_ACTION),
	N(APPLY, 0, ZONEFW_A_RULE, ZONEFW_AR_NAT),
	N(APPLY, 0, ZONEFW_A_CELLDEF, ZONEFW_AC_FROM),
	N(APPLY, 0, ZONEFW_A_CELLDEF, ZONEFW_AC_TO),
	N(APPLY, PLAIN, ZONEFW_A_RULE, ZONEFW_AR_FROM),
	N(APPLY, PLAIN, ZONEFW_A_RULE, ZONEFW_AR_TO),
	N(EXPLAIN, 0, 0, ZONEFW_A_FROM),
	N(EXPLAIN, 0, 0, ZONEFW_A_EX_PROTO),
	N(EXPLAIN, 0, 0, ZONEFW_A_EX_SRC),
	N(EXPLAIN, 0, 0, ZONEFW_A_EX_DST),
#define MEMBERS(cmd) N(cmd, 0, 0, ZONEFW_A_SETELEMS), N(cmd, 0, ZONEFW_A_SETELEMS, ZONEFW_AE_NAME), \
	N(cmd, 0, ZONEFW_A_SETELEMS, ZONEFW_AE_LIST)
	MEMBERS(SET_ADD), MEMBERS(SET_TEST), MEMBERS(SET_DEL),
	N(SET_FLUSH, 0, 0, ZONEFW_A_SETNAME),
	N(GET_MEMBERS, 0, 0, ZONEFW_A_SETNAME),
	/* of these a match may be left out, but not parts of it */
#define MATCH(cmd) N(cmd, 0, ZONEFW_A_RULE, ZONEFW_AR_FROM), N(cmd, 0, ZONEFW_A_RULE, ZONEFW_AR_TO), \
	N(cmd, 0, ZONEFW_A_RULE, ZONEFW_AR_ACTION)
	MATCH(GET_FLOWS), MATCH(KILL_FLOWS), MATCH(TRACE),
#define EDIT(kind) N(EDIT_RULES, kind, 0, ZONEFW_A_ABI), N(EDIT_RULES, kind, 0, ZONEFW_A_EDIT), \
	N(EDIT_RULES, kind, ZONEFW_A_EDIT, ZONEFW_AD_OP)
#define EDIT_RULE(kind) N(EDIT_RULES, kind, ZONEFW_A_EDIT, ZONEFW_AD_RULE), \
	N(EDIT_RULES, kind, IN(ZONEFW_A_EDIT, ZONEFW_AD_RULE), ZONEFW_AR_FROM), \
	N(EDIT_RULES, kind, IN(ZONEFW_A_EDIT, ZONEFW_AD_RULE), ZONEFW_AR_TO), \
	N(EDIT_RULES, kind, IN(ZONEFW_A_EDIT, ZONEFW_AD_RULE), ZONEFW_AR_ACTION)
	EDIT(ADD_EDIT), EDIT_RULE(ADD_EDIT), N(EDIT_RULES, ADD_EDIT, ZONEFW_A_EDIT, ZONEFW_AD_AT_ID),
	EDIT(REPLACE_EDIT), EDIT_RULE(REPLACE_EDIT), N(EDIT_RULES, REPLACE_EDIT, ZONEFW_A_EDIT, ZONEFW_AD_ID),
	EDIT(MOVE_EDIT), N(EDIT_RULES, MOVE_EDIT, ZONEFW_A_EDIT, ZONEFW_AD_ID),
	N(EDIT_RULES, MOVE_EDIT, ZONEFW_A_EDIT, ZONEFW_AD_AT_ID),
	EDIT(DEL_EDIT), N(EDIT_RULES, DEL_EDIT, ZONEFW_A_EDIT, ZONEFW_AD_ID),
};
#define NNEEDED (int)(sizeof(needed) / sizeof(needed[0]))

/* A command, without two of its attributes; the places of its nests as they were put there. */
struct part { struct msg *m; const struct needed *cmd, *gone[2]; int nest; };
static unsigned int nest_at[1 << 16];

static bool there(const struct part *p, int attr)
{
	for (int i = 0; i < 2; i++)
		if (p->gone[i] && p->gone[i]->nest == p->nest && p->gone[i]->attr == attr)
			return false;
	return true;
}

static void part(struct part *p, int attr, const void *d, int len)
{
	if (there(p, attr))
		put(p->m, attr, d, len);
}

static void part_u16(struct part *p, int attr, uint16_t v) { part(p, attr, &v, 2); }
static void part_u32(struct part *p, int attr, uint32_t v) { part(p, attr, &v, 4); }
static void part_u8(struct part *p, int attr, uint8_t v) { part(p, attr, &v, 1); }
static void part_str(struct part *p, int attr, const char *s) { part(p, attr, s, strlen(s) + 1); }

static unsigned int part_open(struct part *p, int attr)
{
	unsigned int at = p->m->len;

	p->nest = IN(p->nest, attr);
	nest_at[p->nest] = at;
	return open_nest(p->m, attr);
}

static void part_close(struct part *p, unsigned int at)
{
	close_nest(p->m, at);
	p->nest >>= 8;
}

static void part_members(struct part *p)
{
	static const struct zonefw_elem e = { .family = 4, .len = 32, .addr = { 10, 0, 3, 9 } };
	unsigned int n;

	if (!there(p, ZONEFW_A_SETELEMS))
		return;
	n = part_open(p, ZONEFW_A_SETELEMS);
	part_str(p, ZONEFW_AE_NAME, "ours");
	part(p, ZONEFW_AE_LIST, &e, sizeof(e));
	part_close(p, n);
}

static void part_rule(struct part *p, int attr, int action)
{
	static const struct zonefw_nat nat = { .flags = ZONEFW_NAT_PORT, .port_lo = 81, .port_hi = 81 };
	unsigned int n;

	if (!there(p, attr))
		return;
	n = part_open(p, attr);
	part_u16(p, ZONEFW_AR_FROM, ZONEFW_ZONE_ANY);
	part_u16(p, ZONEFW_AR_TO, ZONEFW_ZONE_ANY);
	part_str(p, ZONEFW_AR_TEXT, "accept");
	part_u8(p, ZONEFW_AR_ACTION, action);
	if (action == ZONEFW_REDIRECT)
		part(p, ZONEFW_AR_NAT, &nat, sizeof(nat));
	part_close(p, n);
}

static void part_apply(struct part *p)
{
	unsigned int n;

	part_u32(p, ZONEFW_A_ABI, ZONEFW_ABI);
	n = part_open(p, ZONEFW_A_ZONE);
	part_str(p, ZONEFW_AZ_NAME, "inside");
	part_str(p, ZONEFW_AZ_DEV, "eth*");
	part_close(p, n);
	n = part_open(p, ZONEFW_A_SET);
	part_str(p, ZONEFW_AS_NAME, "ours");
	part_close(p, n);
	part_members(p);
	part_rule(p, ZONEFW_A_RULE, p->cmd->kind == PLAIN ? ZONEFW_ACCEPT : ZONEFW_REDIRECT);
	rule(p->m, &plain);	/* what edits name */
	n = part_open(p, ZONEFW_A_CELLDEF);
	part_u16(p, ZONEFW_AC_FROM, 1);
	part_u16(p, ZONEFW_AC_TO, 0);
	part_u8(p, ZONEFW_AC_ACTION, ZONEFW_DROP);
	part_close(p, n);
}

/* Of the rule that edits name. */
static uint32_t rule_id;

static void part_edit(struct part *p)
{
	static const int ops[] = { [ADD_EDIT] = ZONEFW_EDIT_ADD, [REPLACE_EDIT] = ZONEFW_EDIT_REPLACE,
				   [DEL_EDIT] = ZONEFW_EDIT_DEL, [MOVE_EDIT] = ZONEFW_EDIT_MOVE };
	int kind = p->cmd->kind;
	unsigned int n;

	part_u32(p, ZONEFW_A_ABI, ZONEFW_ABI);
	if (!there(p, ZONEFW_A_EDIT))
		return;
	n = part_open(p, ZONEFW_A_EDIT);
	part_u8(p, ZONEFW_AD_OP, ops[kind]);
	if (kind != ADD_EDIT)
		part_u32(p, ZONEFW_AD_ID, rule_id);
	if (kind == ADD_EDIT || kind == REPLACE_EDIT)
		part_rule(p, ZONEFW_AD_RULE, ZONEFW_ACCEPT);
	if (kind == ADD_EDIT || kind == MOVE_EDIT) {
		part_u8(p, ZONEFW_AD_PLACE, ZONEFW_PLACE_BEFORE);
		part_u32(p, ZONEFW_AD_AT_ID, rule_id);
	}
	part_close(p, n);
}

static void part_explain(struct part *p)
{
	static const unsigned char a[4] = { 10, 0, 3, 1 }, b[4] = { 10, 0, 3, 2 };

	part_u16(p, ZONEFW_A_FROM, 1);
	part_u8(p, ZONEFW_A_EX_PROTO, 6);
	part(p, ZONEFW_A_EX_SRC, a, sizeof(a));
	part(p, ZONEFW_A_EX_DST, b, sizeof(b));
}

static bool is_dump(int cmd)
{
	return (cmd >= ZONEFW_CMD_GET_ZONES && cmd <= ZONEFW_CMD_GET_CELLS) || cmd == ZONEFW_CMD_GET_CELLDEFS ||
	       (cmd >= ZONEFW_CMD_GET_DROPS && cmd <= ZONEFW_CMD_GET_MEMBERS) || cmd == ZONEFW_CMD_GET_FLOWS;
}

static void begin(struct msg *m, int cmd)
{
	start(m, family, cmd);
	if (is_dump(cmd))
		((struct nlmsghdr *)m->b)->nlmsg_flags |= NLM_F_DUMP;
}

static void build(struct msg *m, const struct needed *cmd, const struct needed *gone, const struct needed *too)
{
	struct part p = { m, cmd, { gone, too }, 0 };

	begin(m, cmd->cmd);
	switch (cmd->cmd) {
	case ZONEFW_CMD_PANIC:
		part_u8(&p, ZONEFW_A_PANIC, 0);
		break;
	case ZONEFW_CMD_APPLY:
		part_apply(&p);
		break;
	case ZONEFW_CMD_EXPLAIN:
		part_explain(&p);
		break;
	case ZONEFW_CMD_SET_FLUSH:
	case ZONEFW_CMD_GET_MEMBERS:
		part_str(&p, ZONEFW_A_SETNAME, "ours");
		break;
	case ZONEFW_CMD_GET_FLOWS:
	case ZONEFW_CMD_KILL_FLOWS:
	case ZONEFW_CMD_TRACE:
		part_rule(&p, ZONEFW_A_RULE, ZONEFW_ACCEPT);
		break;
	case ZONEFW_CMD_EDIT_RULES:
		part_edit(&p);
		break;
	default:
		part_members(&p);
	}
}

/* The policy of part_apply() anew, with the id of its rule. */
static bool whole_policy(void)
{
	struct answer a;
	struct msg m;

	build(&m, &needed[1], NULL, NULL);
	if (talk(&m, &a))
		return false;
	rule_id = a.id + 1;
	return true;
}

/* Is what the kernel says is missing one of the two? To a dump 6.1 says nothing. */
static bool named(const struct answer *a, const struct needed *gone, const struct needed *too)
{
	if (is_dump(gone->cmd) && !*a->text)
		return !a->miss_type;
	for (int i = 0; i < 2; i++) {
		const struct needed *g = i ? too : gone;

		if (g && *a->text && a->miss_type == g->attr && a->miss_nest == (int)(g->nest ? nest_at[g->nest] : 0))
			return true;
	}
	return false;
}

static int left_out(const struct needed *cmd, const struct needed *gone, const struct needed *too)
{
	uint32_t before = generation();
	struct answer a;
	struct msg m;
	int err;

	build(&m, cmd, gone, too);
	err = talk(&m, &a);
	if (err == -EINVAL && named(&a, gone, too) && generation() == before)
		return 0;
	printf("# without %s%s%s: answer %d, missing %d in %d, '%s'\n", gone->name, too ? " and " : "", too ? too->name : "",
	       err, a.miss_type, a.miss_nest, a.text);
	return 1;
}

static void omissions(void)
{
	int one = 0, two = 0, bad = 0, refused_whole = 0;

	for (int i = 0; i < NNEEDED; i++) {
		const struct needed *c = &needed[i];
		int end = i;

		while (end < NNEEDED && needed[end].cmd == c->cmd && needed[end].kind == c->kind)
			end++;
		if (!whole_policy())
			refused_whole++;
		bad += left_out(c, c, NULL);
		one++;
		for (int k = i + 1; k < end; k++, two++)
			bad += left_out(c, c, &needed[k]);
		if (end == i + 1) {	/* the last of its command, which is whole now */
			struct answer a;
			struct msg m;
			int err;

			build(&m, c, NULL, NULL);
			err = talk(&m, &a);
			if (err)
				printf("# %s, whole: answer %d, '%s'\n", c->name, err, a.text);
			refused_whole += err != 0;
		}
	}
	printf("# K04: %d left out, %d pairs\n", one, two);
	check(!bad && one == NNEEDED && two > one, "K04", "each attribute that is needed, and each two, left out: refused by name");
	check(!refused_whole, "K04", "and with all of them each command is accepted");
}

/* What no request has: @twist of a message without attributes. */
static int strange(struct msg *m, int cmd, int twist)
{
	static const int flags[] = { NLM_F_DUMP_INTR, NLM_F_DUMP_FILTERED, NLM_F_ROOT, NLM_F_MATCH, NLM_F_ATOMIC, 0x800, 0x8000 };
	struct nlmsghdr *h = (void *)m->b;
	struct genlmsghdr *g = (void *)(m->b + NLMSG_HDRLEN);

	begin(m, cmd);
	switch (twist) {
	case 0: case 1: case 2:
		g->version = "\0\2\377"[twist];
		return -EINVAL;
	case 3: case 4:
		g->reserved = twist == 3 ? 1 : 0x8000;
		return -EINVAL;
	case 5:
		put_u32(m, ZONEFW_A_MAX + 5, 1);
		return -EINVAL;
	case 6:
		put_str(m, ZONEFW_A_DEVNAME, "eth0");	/* only answers have it */
		return -EINVAL;
	case 7:
		m->b[m->len] = m->b[m->len + 1] = 0;
		m->len += 2;	/* no room for an attribute */
		return -EINVAL;
	case 8:
		h->nlmsg_flags ^= NLM_F_DUMP;
		return -EOPNOTSUPP;
	default:
		if (twist - 9 >= (int)(sizeof(flags) / sizeof(flags[0])))
			return 0;
		if (is_dump(cmd) && flags[twist - 9] & NLM_F_DUMP)
			h->nlmsg_flags &= ~NLM_F_DUMP;	/* half of it */
		h->nlmsg_flags |= flags[twist - 9];
		return -EINVAL;
	}
}

static void strangers(void)
{
	uint32_t before = generation();
	int bad = 0, tried = 0;
	struct answer a;
	struct msg m;

	for (int cmd = 0; cmd < 256; cmd++) {
		bool none = !cmd || cmd == ZONEFW_CMD_EVENT || cmd == ZONEFW_CMD_DROP || cmd > ZONEFW_CMD_MAX;

		for (int twist = 0, want; none ? twist < 2 : (want = strange(&m, cmd, twist)) != 0; twist++, tried++) {
			int err;

			if (none) {
				start(&m, family, cmd);
				((struct nlmsghdr *)m.b)->nlmsg_flags |= twist ? NLM_F_DUMP : 0;
				want = -EOPNOTSUPP;
			}
			err = talk(&m, &a);
			/* half a dump is the other kind of request, too */
			if (err == want || (err == -EOPNOTSUPP && is_dump(cmd) && twist > 8))
				continue;
			printf("# command %d, twist %d: answer %d, not %d: '%s'\n", cmd, twist, err, want, a.text);
			bad++;
		}
	}
	printf("# K05: %d requests\n", tried);
	check(!bad && tried > 700, "K05", "each command in another version, with reserved bits, flags or attributes: refused");
	check(generation() == before, "K05", "and nothing of it has changed anything");
}

/* A policy with one string of it by hand. */
static int spelt(int nest, int attr, const char *s)
{
	struct answer a;
	struct msg m;
	unsigned int n, place;
	int err;

	start(&m, family, ZONEFW_CMD_APPLY);
	put_u32(&m, ZONEFW_A_ABI, ZONEFW_ABI);
	n = open_nest(&m, nest ? nest : ZONEFW_A_ZONE);
	if (nest == ZONEFW_A_RULE) {
		put_u16(&m, ZONEFW_AR_FROM, ZONEFW_ZONE_ANY);
		put_u16(&m, ZONEFW_AR_TO, ZONEFW_ZONE_ANY);
		put_u8(&m, ZONEFW_AR_ACTION, ZONEFW_ACCEPT);
	} else if (nest == ZONEFW_A_CELLDEF) {
		put_u16(&m, ZONEFW_AC_FROM, ZONEFW_ZONE_ANY);
		put_u16(&m, ZONEFW_AC_TO, ZONEFW_ZONE_ANY);
	} else if ((!nest || nest == ZONEFW_A_ZONE) && attr != ZONEFW_AZ_NAME) {
		put_str(&m, ZONEFW_AZ_NAME, "inside");
	}
	if (!nest)
		close_nest(&m, n);
	place = m.len;
	put_str(&m, attr, s);
	if (nest)
		close_nest(&m, n);
	err = talk(&m, &a);
	return err && (a.offset != (int)place || !*a.text) ? -EPROTO : err;
}

static void strings(void)
{
	static const struct { int nest, attr; enum { NAME, LINE, LINES } kind; const char *name; } all[] = {
		{ ZONEFW_A_ZONE, ZONEFW_AZ_NAME, NAME, "zone/name" }, { ZONEFW_A_ZONE, ZONEFW_AZ_DEV, LINE, "zone/dev" },
		{ ZONEFW_A_ZONE, ZONEFW_AZ_TEXT, LINE, "zone/text" }, { ZONEFW_A_SET, ZONEFW_AS_NAME, NAME, "set/name" },
		{ ZONEFW_A_RULE, ZONEFW_AR_NAME, NAME, "rule/name" }, { ZONEFW_A_RULE, ZONEFW_AR_TEXT, LINE, "rule/text" },
		{ ZONEFW_A_RULE, ZONEFW_AR_WHERE, LINE, "rule/where" }, { ZONEFW_A_RULE, ZONEFW_AR_LOG, LINE, "rule/log" },
		{ ZONEFW_A_RULE, ZONEFW_AR_COMMENT, LINE, "rule/comment" }, { ZONEFW_A_RULE, ZONEFW_AR_IN, LINE, "rule/in" },
		{ ZONEFW_A_RULE, ZONEFW_AR_OUT, LINE, "rule/out" }, { ZONEFW_A_CELLDEF, ZONEFW_AC_LOG, LINE, "celldef/log" },
		{ ZONEFW_A_CELLDEF, ZONEFW_AC_TEXT, LINE, "celldef/text" }, { ZONEFW_A_OPTIONS, ZONEFW_AO_TEXT, LINE, "options/text" },
		{ 0, ZONEFW_A_EXTRATEXT, LINES, "extratext" },
	};
	/* from: the first kind of string that may be this */
	static const struct { const char *s; int from; } words[] = {
		{ "a", NAME }, { "Z9_-.", NAME }, { "", LINE }, { "9", LINE }, { "a/b", LINE }, { "a b", LINE }, { "a%s%n", LINE },
		{ "h\xc3\xa4h", LINE }, { "\xe4", LINE }, { "a\"b", LINE }, { "a\nb", LINES }, { "a\tb", 3 }, { "a\rb", 3 },
		{ "a\x1b[31m", 3 }, { "a\x7f", 3 }, { "\x01", 3 },
	};
	int bad = 0, tried = 0;

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (unsigned int k = 0; k < sizeof(words) / sizeof(words[0]); k++, tried++) {
			int want = words[k].from <= (int)all[i].kind ? 0 : -EINVAL, err = spelt(all[i].nest, all[i].attr, words[k].s);

			if (err == want)
				continue;
			printf("# %s as word %u: answer %d, not %d\n", all[i].name, k, err, want);
			bad++;
		}
	printf("# K10: %d strings\n", tried);
	check(!bad && tried > 200, "K10", "each string that people see: no control characters, and names as the language has them");
}
