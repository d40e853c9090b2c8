// SPDX-License-Identifier: GPL-2.0
/*
 * CONFIRM and ROLLBACK: the two ends of a commit that waits (see pending.c).
 * From any process that has the right, not only the one that applied.
 */
#include <linux/rtnetlink.h>
#include "family.h"
#include "notify.h"
#include "pending.h"

static int end(struct sk_buff *skb, struct genl_info *info, u8 cause,
	       int (*fn)(struct zonefw_ns *zn, struct netlink_ext_ack *extack))
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	int err = zonefw_nl_allowed(skb, info->extack);
	struct sk_buff *event;

	if (err)
		return err;
	event = zonefw_event_prepare();
	if (!event)
		return -ENOMEM;
	rtnl_lock();
	mutex_lock(&zn->lock);
	err = fn(zn, info->extack);
	if (!err)
		zonefw_event_send(zn, event, cause);
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	if (err)
		nlmsg_free(event);
	return err;
}

/**
 * zonefw_confirm_doit() - keep the policy that waits for this
 * @skb: request
 * @info: request
 *
 * Return: 0, -EPERM, -ENOMEM, or -ENOENT when none waits, with a sentence.
 */
int zonefw_confirm_doit(struct sk_buff *skb, struct genl_info *info)
{
	return end(skb, info, ZONEFW_CAUSE_CONFIRM, zonefw_pending_confirm);
}

/**
 * zonefw_rollback_doit() - put the policy before in force again
 * @skb: request
 * @info: request
 *
 * Return: 0, -EPERM, -ENOMEM, or -ENOENT when none waits, with a sentence.
 */
int zonefw_rollback_doit(struct sk_buff *skb, struct genl_info *info)
{
	return end(skb, info, ZONEFW_CAUSE_ROLLBACK, zonefw_pending_rollback);
}
