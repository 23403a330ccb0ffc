// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <omp.h>

namespace gradwright {

/// While it lives, OpenMP regions of the calling thread run on it alone, and oneDNN's primitives
/// are made for a single thread: their plan of work is fixed then.
class OneThread {
public:
    OneThread()
        : before_(omp_get_max_threads()) {
        omp_set_num_threads(1);
    }
    ~OneThread() { omp_set_num_threads(before_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int before_;
};

} // namespace gradwright
