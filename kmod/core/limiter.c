// SPDX-License-Identifier: GPL-2.0
/*
 * The rate limiter's arithmetic: a token bucket told by one number, the time at
 * which it will be full again. Pure: time is a parameter, the caller stores the
 * number. What is taken moves it on by the cost of one packet; it may never be
 * farther away than the whole bucket.
 */
#include "limiter.h"

/**
 * zonefw_bucket_take() - is there a token, and what is the bucket then?
 * @full: when the bucket is full again, 0 for a new one
 * @now: the time, in the same unit
 * @cost: time in which one token comes back
 * @burst: time in which the empty bucket fills: cost times its size
 * @next: out: the new @full, also when nothing was taken
 *
 * Return: true if a token was taken.
 */
bool zonefw_bucket_take(u64 full, u64 now, u64 cost, u64 burst, u64 *next)
{
	u64 from = full > now ? full : now;

	/* a clock that went back: no bucket is emptier than empty */
	if (from - now > burst)
		from = now + burst;
	*next = from;
	if (from - now + cost > burst)
		return false;
	*next = from + cost;
	return true;
}
