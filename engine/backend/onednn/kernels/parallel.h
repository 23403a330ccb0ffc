// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>

namespace gradwright::onednn {

/// Calls body(begin, end) for pieces of [0, size) of `grain` elements on the OpenMP threads. The
/// pieces do not depend on the number of threads.
template <class Body>
void forChunks(std::size_t size, std::size_t grain, const Body& body) {
    const auto chunks = static_cast<std::ptrdiff_t>((size + grain - 1) / grain);
#pragma omp parallel for schedule(static) if (chunks > 1)
    for (std::ptrdiff_t i = 0; i < chunks; ++i) {
        const auto begin = static_cast<std::size_t>(i) * grain;
        body(begin, std::min(begin + grain, size));
    }
}

} // namespace gradwright::onednn
