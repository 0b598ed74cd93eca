/* SPDX-License-Identifier: MIT */
/*
 * A line of a Reddit dump: a submission (title, selftext) or a comment (body).
 * Their texts are Markdown in which &, < and > stand as entities.
 *
 * Source: https://github.com/ArthurHeitmann/arctic_shift (fields).
 */
#include <time.h>

#include "base/err.h"
#include "extract/corpus.h"
#include "extract/field.h"
#include "io/json.h"

static bool
is_gone(struct str s)
{
	return field_is(s, "[deleted]") || field_is(s, "[removed]") ||
	       field_is(s, "[ removed by reddit ]");
}

/* created_utc, a number or, in old dumps, a string, as ISO 8601. */
static void
put_date(struct corpus_doc *d, struct json_val v)
{
	struct str s = json_str(v);
	double seconds = json_double(v, 0);
	char text[32];
	struct tm tm;
	time_t t;
	size_t i;

	for (i = 0; i < s.n && i < 12 && field_is_digit(s.p[i]); i++)
		seconds = seconds * 10 + (s.p[i] - '0');
	if (!(seconds > 0 && seconds < 1e11))
		return;
	t = (time_t)seconds;
	if (!gmtime_r(&t, &tm))
		return;
	i = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	corpus_member(d, "date", (struct str){ text, i });
}

static void
put_meta(struct corpus_doc *d, struct json_val root)
{
	struct str link = json_str(json_get(root, "permalink"));
	struct json_val score = json_get(root, "score");
	struct buf url = { 0 };

	if (link.n && link.p[0] == '/') {
		buf_puts(&url, "https://www.reddit.com");
		buf_str(&url, link);
		corpus_member(d, "url", buf_view(&url));
		d->meta.oom |= url.oom;
		buf_free(&url);
	}
	corpus_member(d, "subreddit", json_str(json_get(root, "subreddit")));
	corpus_member(d, "author", json_str(json_get(root, "author")));
	put_date(d, json_get(root, "created_utc"));
	if (json_type(score) == JSON_NUMBER)
		buf_printf(
		    &d->meta, "\"score\":%lld,", (long long)json_int(score, 0));
	if (json_bool(json_get(root, "over_18"), false))
		buf_puts(&d->meta, "\"over_18\":true,");
	corpus_member(d, "parent", json_str(json_get(root, "parent_id")));
	corpus_member(d, "thread", json_str(json_get(root, "link_id")));
}

static int
comment(struct corpus_doc *d, struct json_val root, struct str body)
{
	buf_puts(&d->id, "t1_");
	buf_str(&d->id, json_str(json_get(root, "id")));
	if (is_gone(field_trim(body)))
		return corpus_drop(d, "deleted", body);
	corpus_unescape(body, &d->text);
	return 0;
}

static int
submission(struct corpus *c, struct corpus_doc *d, struct json_val root)
{
	struct str text = json_str(json_get(root, "selftext"));
	struct str title = json_str(json_get(root, "title"));

	buf_puts(&d->id, "t3_");
	buf_str(&d->id, json_str(json_get(root, "id")));
	if (is_gone(field_trim(text)))
		return corpus_drop(d, "deleted", text);
	/* A link alone says nothing that its title doesn't. */
	if (!field_trim(text).n)
		return corpus_drop(d, "no_text", title);
	buf_clear(&c->b);
	corpus_unescape(title, &c->b);
	corpus_member(d, "title", buf_view(&c->b));
	buf_puts(&d->text, c->markdown ? "# " : "");
	buf_str(&d->text, buf_view(&c->b));
	buf_puts(&d->text, "\n\n");
	corpus_unescape(text, &d->text);
	return 0;
}

int
corpus_reddit(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e)
{
	struct json_val root, body, title;
	struct json *j;
	struct err why;
	int rc;

	(void)e;
	rc = json_parse(&j, it->text.p, it->text.n, &why);
	if (rc < 0)
		return corpus_drop(d, "not_json", str_c(why.msg));
	root = json_root(j);
	body = json_get(root, "body");
	title = json_get(root, "title");
	if (json_type(body) == JSON_STRING)
		comment(d, root, json_str(body));
	else if (json_type(title) == JSON_STRING)
		submission(c, d, root);
	else
		corpus_drop(d, "no_text", (struct str){ NULL, 0 });
	if (!d->rule)
		put_meta(d, root);
	json_free(j);
	corpus_tidy(&d->text);
	return 0;
}
