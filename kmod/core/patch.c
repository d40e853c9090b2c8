// SPDX-License-Identifier: GPL-2.0
/*
 * The order of compiled and added rules; see patch.h. Pure; changed only while
 * nobody else sees the patch.
 */
#include "patch.h"

/* The place of the n-th added rule. */
static u32 place_of(const struct zonefw_patch *p, u32 n)
{
	return p->added[n].before + n;
}

/* Added rules that stand in front of a place. */
static u32 added_until(const struct zonefw_patch *p, u32 place)
{
	u32 n = 0;

	while (n < p->nadded && place_of(p, n) < place)
		n++;
	return n;
}

/**
 * zonefw_patch_gone() - has a compiled rule been taken away?
 * @p: patch
 * @slot: the rule
 *
 * Return: true if so.
 */
bool zonefw_patch_gone(const struct zonefw_patch *p, u32 slot)
{
	u32 i;

	for (i = 0; i < p->ngone && p->gone[i] <= slot; i++)
		if (p->gone[i] == slot)
			return true;
	return false;
}

/**
 * zonefw_patch_slot() - the rule at a place
 * @p: patch
 * @place: below @p->base + @p->nadded
 *
 * Return: its slot, or ZONEFW_PATCH_NONE for one that is gone.
 */
u32 zonefw_patch_slot(const struct zonefw_patch *p, u32 place)
{
	u32 n = added_until(p, place);

	if (n < p->nadded && place_of(p, n) == place)
		return p->added[n].slot;
	return zonefw_patch_gone(p, place - n) ? ZONEFW_PATCH_NONE : place - n;
}

/**
 * zonefw_patch_place() - where a rule stands
 * @p: patch
 * @slot: a rule that is not gone
 *
 * Return: its place.
 */
u32 zonefw_patch_place(const struct zonefw_patch *p, u32 slot)
{
	u32 n = 0;

	if (slot < p->base) {
		while (n < p->nadded && p->added[n].before <= slot)
			n++;
		return slot + n;
	}
	while (n < p->nadded && p->added[n].slot != slot)
		n++;
	return n < p->nadded ? place_of(p, n) : ZONEFW_PATCH_NONE;
}

/**
 * zonefw_patch_next() - the next rule in rule order
 * @p: patch
 * @t: where the walk stands; behind the rule found, its place is @t->slot + @t->added - 1
 *
 * Return: its slot, or ZONEFW_PATCH_NONE at the end.
 */
u32 zonefw_patch_next(const struct zonefw_patch *p, struct zonefw_turn *t)
{
	for (; t->added == p->nadded || p->added[t->added].before > t->slot; t->slot++) {
		if (t->slot >= p->base)
			return ZONEFW_PATCH_NONE;
		if (t->gone == p->ngone || p->gone[t->gone] != t->slot)
			return t->slot++;
		t->gone++;
	}
	return p->added[t->added++].slot;
}

/**
 * zonefw_patch_add() - a rule comes in
 * @p: patch
 * @place: where it will stand; what stands there now comes behind it
 * @a: its slot and zones
 *
 * Return: false when there is no room for another.
 */
bool zonefw_patch_add(struct zonefw_patch *p, u32 place, const struct zonefw_added *a)
{
	u32 n = added_until(p, place);

	if (p->nadded == ZONEFW_PATCH_MAX)
		return false;
	memmove(&p->added[n + 1], &p->added[n], (p->nadded - n) * sizeof(*p->added));
	p->added[n] = *a;
	p->added[n].before = place - n;
	p->nadded++;
	return true;
}

/**
 * zonefw_patch_del() - a rule goes
 * @p: patch
 * @place: of a rule that is not gone
 *
 * Return: false when there is no room to note another.
 */
bool zonefw_patch_del(struct zonefw_patch *p, u32 place)
{
	u32 n = added_until(p, place), slot = place - n, i = 0;

	if (n < p->nadded && place_of(p, n) == place) {
		p->nadded--;
		memmove(&p->added[n], &p->added[n + 1], (p->nadded - n) * sizeof(*p->added));
		return true;
	}
	if (p->ngone == ZONEFW_PATCH_MAX)
		return false;
	while (i < p->ngone && p->gone[i] < slot)
		i++;
	memmove(&p->gone[i + 1], &p->gone[i], (p->ngone - i) * sizeof(*p->gone));
	p->gone[i] = slot;
	p->ngone++;
	return true;
}
