// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/measure.h"
#include "engine/support/error.h"

#include <chrono>
#include <memory>

namespace gradwright {
namespace {

constexpr int kTriads = 10;
constexpr double kFactor = 3;

void triad(double* a, const double* b, const double* c, std::int64_t count) {
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < count; ++i)
        a[i] = b[i] + kFactor * c[i];
}

} // namespace

std::optional<Rate> measureTriad(std::size_t bytes, const std::stop_token& stop) {
    const auto count = static_cast<std::int64_t>(bytes / sizeof(double));
    // Not initialized here: each page belongs to the processor that writes it first.
    const auto make = [&] {
        return std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(count));
    };
    const auto a = make();
    const auto b = make();
    const auto c = make();
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < count; ++i) {
        a[static_cast<std::size_t>(i)] = 0;
        b[static_cast<std::size_t>(i)] = static_cast<double>(i % 7);
        c[static_cast<std::size_t>(i)] = static_cast<double>(i % 5);
    }
    double best = 0;
    for (int run = 0; run < kTriads; ++run) {
        if (stop.stop_requested())
            return {};
        const auto begin = std::chrono::steady_clock::now();
        triad(a.get(), b.get(), c.get(), count);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        if (run == 1 || (run > 1 && seconds.count() < best)) // the first one warms up
            best = seconds.count();
    }
    for (std::int64_t i = 0; i < count; ++i)
        if (a[static_cast<std::size_t>(i)] !=
            static_cast<double>(i % 7) + kFactor * static_cast<double>(i % 5))
            throw Error("the triad computed a wrong sum at element {}", i);
    return Rate{Rate::Kind::Memory, RateFormat::F64, 3.0 * static_cast<double>(bytes) / best,
                fmt::format("STREAM triad, arrays of {} MiB", bytes >> 20)};
}

} // namespace gradwright
