// SPDX-License-Identifier: GPL-2.0
/*
 * sites.ko, for faults.sh on the debug kernel: tells which of the places that a task meets under fail-nth are the same site,
 * which is a call stack. A loop over a thousand rules has a thousand places and one site.
 *
 * /sys/kernel/debug/zonefw_sites: a line "failed SITE FUNCTION FUNCTION..." for the place that failed last, innermost function
 * first, then a line "PLACE SITE WHOSE" for each place that was met with fail-nth counting down from SITES_FROM, without those
 * of kmemleak for its own list, which has a reserve; WHOSE is zonefw when that is in the stack. A write clears it.
 */
#include <linux/debugfs.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>

#define SITES_FROM	1000000000
#define SITES_PLACES	65536
#define SITES_DEPTH	48
#define SITES_SHOWN	24

struct sites_place {
	u32 site;
	bool ours;
};

static struct sites_place sites_met[SITES_PLACES];
static u32 sites_failed;
static unsigned long sites_stack[SITES_DEPTH];
static unsigned int sites_depth;
static struct dentry *sites_file;

static u32 sites_hash(const unsigned long *stack, unsigned int depth)
{
	return jhash(stack, depth * sizeof(*stack), 0);
}

static struct sites_place sites_of(const unsigned long *stack, unsigned int depth)
{
	struct sites_place at = { .site = sites_hash(stack, depth) };
	char name[KSYM_SYMBOL_LEN];

	for (; depth; depth--) {
		sprint_symbol_no_offset(name, *stack++);
		if (!strcmp(name, "__create_object"))
			at.site = 0;
		at.ours |= !!strstr(name, "[zonefw]");
	}
	return at;
}

/*
 * An interrupt may come between a place that the task meets and should_fail's look at fail_nth, and meet it with the
 * same number: the task's own, which comes after it, then takes its line.
 */
static int sites_meet(struct kprobe *p, struct pt_regs *regs)
{
	unsigned int n = READ_ONCE(current->fail_nth);
	unsigned long stack[SITES_DEPTH];
	unsigned int depth;

	if (n != 1 && (n > SITES_FROM || n <= SITES_FROM - SITES_PLACES))
		return 0;
	depth = stack_trace_save(stack, SITES_DEPTH, 0);
	if (n != 1) {
		sites_met[SITES_FROM - n] = sites_of(stack, depth);
		return 0;
	}
	sites_failed = sites_hash(stack, depth);
	sites_depth = depth;
	memcpy(sites_stack, stack, sizeof(stack));
	return 0;
}

/* With a handler behind it a probe stays a breakpoint; the unwinder does not see through the jump that it would become. */
static void sites_pass(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe sites_probes[] = {
	{ .symbol_name = "should_fail", .pre_handler = sites_meet, .post_handler = sites_pass },
	{ .symbol_name = "should_fail_ex", .pre_handler = sites_meet, .post_handler = sites_pass },
};

static struct kprobe *sites_all[] = { &sites_probes[0], &sites_probes[1] };

static int sites_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	seq_printf(s, "failed %08x", sites_failed);
	for (i = 0; i < min_t(unsigned int, sites_depth, SITES_SHOWN); i++)
		seq_printf(s, " %ps", (void *)sites_stack[i]);
	seq_putc(s, '\n');
	for (i = 0; i < SITES_PLACES; i++)
		if (sites_met[i].site)
			seq_printf(s, "%u %08x %s\n", i + 1, sites_met[i].site, sites_met[i].ours ? "zonefw" : "-");
	return 0;
}

static int sites_open(struct inode *inode, struct file *file)
{
	return single_open(file, sites_show, NULL);
}

static ssize_t sites_clear(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	memset(sites_met, 0, sizeof(sites_met));
	sites_failed = 0;
	sites_depth = 0;
	return size;
}

static const struct file_operations sites_ops = {
	.owner = THIS_MODULE,
	.open = sites_open,
	.read = seq_read,
	.write = sites_clear,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init sites_init(void)
{
	int err = register_kprobes(sites_all, ARRAY_SIZE(sites_all));

	if (err)
		return err;
	sites_file = debugfs_create_file("zonefw_sites", 0600, NULL, NULL, &sites_ops);
	return 0;
}

static void __exit sites_exit(void)
{
	debugfs_remove(sites_file);
	unregister_kprobes(sites_all, ARRAY_SIZE(sites_all));
}

module_init(sites_init);
module_exit(sites_exit);
MODULE_DESCRIPTION("which places of fail-nth are one site");
MODULE_LICENSE("GPL");
