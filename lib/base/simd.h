/* SPDX-License-Identifier: MIT */
#ifndef BASE_SIMD_H
#define BASE_SIMD_H

/*
 * SIMD: compile a function for several instruction sets, chosen when the
 * program starts; its results must not depend on which.  Sanitizers start too
 * late for the choosing.
 */
#ifndef __has_feature
#	define __has_feature(x) 0
#endif
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)
#	define SIMD \
		__attribute__((target_clones("avx512f", "avx2", "default")))
#else
#	define SIMD
#endif

#endif
