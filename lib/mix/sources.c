/* SPDX-License-Identifier: MIT */
/* Are a run's sources what they were when it began? */
#include <inttypes.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "mix/mix_impl.h"

/* Of the digests of its shards, and of what it picks of them. */
static int
digest_source(const struct source *s, char hex[65], struct err *e)
{
	struct sha256 *h = sha256_new();
	size_t i;

	if (!h)
		return err_nomem(e, "a digest");
	for (i = 0; i < s->n; i++)
		sha256_add(h, s->shards[i].bin_sha256, 64);
	sha256_add(h, s->keys.p ? s->keys.p : "", s->keys.n);
	sha256_hex(h, hex);
	sha256_free(h);
	return 0;
}

int
mix_keep_sources(const struct mix *m, const char *path, struct err *e)
{
	struct buf b = { 0 };
	char hex[65];
	uint32_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < m->nsource; i++) {
		rc = digest_source(&m->sources[i], hex, e);
		buf_puts(&b, i ? ",\n " : "{");
		buf_json(&b, m->recipe.sources[i].name);
		buf_printf(&b, ":{\"tokens\":%" PRIu64 ",\"sha256\":\"%s\"}",
		    m->sources[i].tokens, hex);
	}
	buf_puts(&b, "}\n");
	if (rc == 0)
		rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
same_source(const struct mix *m, uint32_t i, struct json_val was, struct err *e)
{
	const struct recipe_source *rs = &m->recipe.sources[i];
	uint64_t now = m->sources[i].tokens, tokens;
	char hex[65];

	if (json_type(was) == JSON_NONE) /* a recipe may get new ones */
		return 0;
	if (digest_source(&m->sources[i], hex, e) < 0)
		return e->code;
	tokens = json_u64(json_get(was, "tokens"), 0);
	if (str_eq(json_str(json_get(was, "sha256")), str_c(hex)))
		return 0;
	return err_set(e, ERR_CHECK,
	    "%s:%u: source %s: %s since the run began: %" PRIu64
	    " tokens then, %" PRIu64 " now",
	    m->recipe.file, rs->line, rs->name.p,
	    now < tokens   ? "it shrank"
	    : now > tokens ? "it grew"
			   : "its tokens changed",
	    tokens, now);
}

int
mix_same_sources(const struct mix *m, const char *path, struct err *e)
{
	struct json *j;
	uint32_t i;
	int rc = json_load(&j, path, e);

	if (rc < 0)
		return rc;
	for (i = 0; rc == 0 && i < m->nsource; i++)
		rc = same_source(m, i,
		    json_get(json_root(j), m->recipe.sources[i].name.p), e);
	json_free(j);
	return rc;
}
