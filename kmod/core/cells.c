// SPDX-License-Identifier: GPL-2.0
/*
 * Which blocks cover a zone pair, and which default it has: the lookup of
 * LANGUAGE "Cells". Pure; used when a policy is built, never on a packet.
 */
#include "model.h"

/**
 * zonefw_zone_covers() - does a zone list name @zone, one of its parents, or any?
 * @parent: parent of each zone, 0 for none
 * @list: zone ids
 * @n: length of the list
 * @zone: zone asked for
 *
 * Return: true if it does.
 */
bool zonefw_zone_covers(const u16 *parent, const u16 *list, u32 n, u16 zone)
{
	u32 i;
	u16 z;

	for (i = 0; i < n; i++) {
		if (list[i] == ZONEFW_ZONE_ANY || list[i] == zone)
			return true;
		for (z = parent[zone]; z; z = parent[z])
			if (list[i] == z)
				return true;
	}
	return false;
}

static const struct zonefw_celldef **slot(const struct zonefw_celldef **exact, u16 nz, u16 from,
					  u16 to)
{
	return &exact[(from == ZONEFW_ZONE_ANY ? nz : from) * (nz + 1u) +
		      (to == ZONEFW_ZONE_ANY ? nz : to)];
}

/* Fewest steps up, and of those the one written first. */
static const struct zonefw_celldef *climb(const struct zonefw_celldef **exact, u16 nz,
					  const u16 *parent, u16 from, u16 to)
{
	const struct zonefw_celldef *best = NULL, *d;
	u32 steps = 0, f = 0, t;
	u16 z;

	for (;; from = parent[from], f++) {
		for (z = to, t = 0; !best || f + t <= steps; z = parent[z], t++) {
			d = *slot(exact, nz, from, z);
			if (d && (!best || f + t < steps || d < best)) {
				best = d;
				steps = f + t;
			}
			if (!parent[z])
				break;
		}
		if (!parent[from])
			return best;
	}
}

/* The first of a zone and its parents that has a default from or to everywhere. */
static const struct zonefw_celldef *with_any(const struct zonefw_celldef **exact, u16 nz,
					     const u16 *parent, u16 z, bool from)
{
	const struct zonefw_celldef *d;

	for (;; z = parent[z]) {
		d = from ? *slot(exact, nz, z, ZONEFW_ZONE_ANY) :
			   *slot(exact, nz, ZONEFW_ZONE_ANY, z);
		if (d || !parent[z])
			return d;
	}
}

/**
 * zonefw_defaults_fill() - the default of every zone pair
 * @defs: defaults as written, by words
 * @n: how many
 * @parent: parent of each zone, 0 for none
 * @nz: number of zones
 * @exact: room for (@nz + 1) * (@nz + 1) pointers, all NULL
 * @cells: out: the default of each
 *
 * That of the exact pair, else of the nearest parents, else FROM -> any, else any -> TO, else
 * any -> any, else NULL, which means drop. A matrix that is written out has as many defaults as
 * cells: nothing is searched for.
 */
void zonefw_defaults_fill(const struct zonefw_celldef *defs, u32 n, const u16 *parent, u16 nz,
			  const struct zonefw_celldef **exact, struct zonefw_cell *cells)
{
	const struct zonefw_celldef **at, *d;
	u16 f, t;
	u32 i;

	for (i = 0; i < n; i++) {
		at = slot(exact, nz, defs[i].from, defs[i].to);
		if (defs[i].has_default && !*at)
			*at = &defs[i];
	}
	for (f = 0; f < nz; f++)
		for (t = 0; t < nz; t++) {
			d = climb(exact, nz, parent, f, t);
			d = d ? d : with_any(exact, nz, parent, f, true);
			d = d ? d : with_any(exact, nz, parent, t, false);
			cells[f * nz + t].def = d ? d : *slot(exact, nz, ZONEFW_ZONE_ANY, ZONEFW_ZONE_ANY);
		}
}
