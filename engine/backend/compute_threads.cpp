// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"

#include <omp.h>

#include <algorithm>

namespace gradwright {

int availableThreads() {
    return std::max(1, omp_get_num_procs());
}

int setComputeThreads(int threads) {
    const int count = threads > 0 ? threads : availableThreads();
    omp_set_num_threads(count);
    return count;
}

} // namespace gradwright
