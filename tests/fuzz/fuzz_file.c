// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: the configuration parser and all that `check` does with
 * what it accepted. Beside the sanitizers' own findings it holds that the text
 * of an accepted policy is accepted again and gives the same text.
 */
#define read_all read_all_of_disk
#include "../../userspace/util.c"
#undef read_all
#include "../../userspace/model.h"

/* `include` sees one file, whatever its name: the fuzzer reads nothing of the disk. */
char *read_all(const char *path, size_t *len)
{
	static const char other[] = "zone included { dev eth9 }\n";

	if (!strcmp(path, "none"))
		return NULL;
	*len = sizeof(other) - 1;
	return xstrndup(other, *len);
}

/* A short list instead of the built-in one, which each run would read anew. */
const char services_conf[] =
	"service ssh { tcp dport 22 }\nservice dns { udp dport 53; tcp dport 53 }\n"
	"service ping { icmp type echo-request; icmpv6 type echo-request }\n";

static void positions(const struct model *m)
{
	for (int i = 0; i < m->diags.n; i++)
		if (!m->diags.v[i].text[0] || (m->diags.v[i].pos.src && m->diags.v[i].pos.line < 1))
			abort();
}

static void again(struct model *m)
{
	char *text = model_text(m);
	struct model *b = model_new();

	if (!parse_text(b, "again", text)) {
		fprintf(stderr, "not accepted again:\n%s\n", text);
		diag_print(b, false);
		abort();
	}
	if (strcmp(model_text(b), text)) {
		fprintf(stderr, "first:\n%s\nthen:\n%s\n", text, model_text(b));
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = model_new();
	char *text = xstrndup((const char *)data, size);

	if (memchr(data, 0, size) == NULL) {
		parse_text(m, "fuzz", text);
		if (!m->errors) {
			again(m);
			eval_asserts(m);
			check_warnings(m);
		}
		positions(m);
	}
	mem_forget();
	return 0;
}
