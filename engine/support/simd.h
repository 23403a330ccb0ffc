// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Compiled together with other sources, such a loop could take in their functions and round
// otherwise.
#ifdef GRADWRIGHT_BATCH
#error "list this source under ALONE in its CMakeLists.txt"
#endif

/// Put before a function with a hot plain loop: the compiler emits it for several instruction sets
/// and the loader picks one, so the program still starts on any x86-64 processor. Off under
/// sanitizers, whose runtime is not up when the loader resolves the choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(GRADWRIGHT_SANITIZED)
#define GRADWRIGHT_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define GRADWRIGHT_CLONES
#endif
