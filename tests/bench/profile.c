// SPDX-License-Identifier: GPL-2.0
// profile: a QEMU plugin that counts executions of every block of guest code between two marks. A mark is the
// instruction nopl MAGIC+n(rax,rax), which traffic executes around a measurement: n = 1 starts, n = 2 writes
// "ADDRESS INSTRUCTIONS COUNT" lines to the file named by out= and a running number, and stops. The declarations stand here since Debian
// ships no header of this interface (version 1).
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);

int qemu_plugin_version = 1;
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t at);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

static const uint8_t magic[] = { 0x0f, 0x1f, 0x84, 0x00, 0, 'Z', 'F', 'W' };

struct block {
	struct block *next;
	uint64_t addr, insns, count, before;
};

static struct block *blocks;
static const char *out_path;

static void start(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	for (struct block *b = blocks; b; b = b->next)
		b->before = b->count;
}

static void stop(unsigned int cpu, void *data)
{
	static int number;
	char path[512];
	FILE *out;

	(void)cpu;
	(void)data;
	snprintf(path, sizeof(path), "%s%d", out_path, ++number);
	out = fopen(path, "w");
	if (!out)
		return;
	for (struct block *b = blocks; b; b = b->next)
		if (b->count != b->before)
			fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->addr, b->insns, b->count - b->before);
	fclose(out);
}

static void watch_marks(const struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *bytes = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) != sizeof(magic) || memcmp(bytes, magic, 4) || memcmp(bytes + 5, magic + 5, 3))
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, bytes[4] == 1 ? start : stop, 0, NULL);
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof(*b));

	(void)id;
	if (!b)
		return;
	b->addr = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	b->insns = qemu_plugin_tb_n_insns(tb);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &b->count, 1);
	watch_marks(tb);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out_path = strdup(argv[i] + 4);
	if (!out_path)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
