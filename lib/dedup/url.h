/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_URL_H
#define DEDUP_URL_H

#include "base/str.h"

struct buf;
struct err;

/*
 * Append to out what URLs of one page have in common:
 *
 *	- no scheme http or https, no user, no fragment
 *	- the host in lower case, without "www." and a full stop at the end; no
 *	  port 80 or 443
 *	- the path without "." and ".." and empty segments, so without a
 *	  slash at its end
 *	- percent escapes in upper case, none for letters, digits and -._~
 *	- of the query the parameters in byte order, without those that only
 *	  tell where a visitor came from (utm_..., gclid, fbclid and the like),
 *	  and no empty query
 *
 * Other schemes keep their name.  Any bytes are a URL.  ERR_NOMEM.
 * Thread-safe.
 * Source: RFC 3986, 6.2 (normalization and comparison); the rest as archives
 * of the web do to look pages up.
 */
int url_canonical(struct str url, struct buf *out, struct err *e);

#endif
