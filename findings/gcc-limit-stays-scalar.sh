#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# GCC 12.2.0 of Debian 12 at -O3: a loop that keeps its numbers below a limit, x > 88.3F ? 88.3F : x, becomes vector code
# for AVX-512 and stays scalar for AVX2 and SSE ("control flow in loop"), although the same limit as a ReLU,
# x > 0.0F ? x : 0.0F, is vector code everywhere. -fno-trapping-math, which changes no number, makes vector code of both.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q g++-12=12.2.0-14+deb12u1 >/dev/null
dpkg-deb -x g++-12_*.deb .
cat >limits.cpp <<'CODE'
void below(float* y, const float* x, unsigned long n) {
    for (unsigned long i = 0; i < n; ++i) {
        float v = x[i];
        v = v > 88.3F ? 88.3F : v;
        y[i] = v * v;
    }
}
void above(float* y, const float* x, unsigned long n) {
    for (unsigned long i = 0; i < n; ++i)
        y[i] = x[i] > 0.0F ? x[i] : 0.0F;
}
CODE

# vectorized LINE OPTION...: how many of the loops that begin there are vector code.
vectorized() {
    local line=$1
    shift
    usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet -O3 "$@" -fopt-info-vec-optimized limits.cpp -o limits.s 2>&1 |
        grep -c "^limits.cpp:$line:.*loop vectorized" || true
}
failed=0
expect() {
    local wanted=$1 line=$2 found
    shift 2
    found=$(vectorized "$line" "$@")
    printf 'line %s, %s: %s\n' "$line" "$*" "$([[ $found -gt 0 ]] && echo vector code || echo scalar)"
    if [[ $wanted == vector && $found -eq 0 || $wanted == scalar && $found -gt 0 ]]; then failed=1; fi
}
expect scalar 2 -msse4.1
expect scalar 2 -mavx2
expect vector 2 -march=x86-64-v4
expect vector 2 -mavx2 -fno-trapping-math
expect vector 9 -mavx2
expect vector 9 -msse4.1
exit "$failed"
