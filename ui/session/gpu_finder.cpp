// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/gpu_finder.h"

#include <chrono>
#include <memory>
#include <utility>

namespace gradwright {

void GpuFinder::find() {
    if (std::exchange(isLooking_, true))
        return;
    jobs_.start([this, program = program_](const std::stop_token& stop) {
        constexpr auto kPatience = std::chrono::seconds(30);
        auto search = std::make_shared<GpuSearch>(listGpus(program, kPatience, stop));
        return [this, search] {
            result_ = std::move(*search);
            Q_EMIT found();
        };
    });
}

} // namespace gradwright

#include "moc_gpu_finder.cpp"
