// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/measure.h"

#include "engine/backend/devices.h"
#include "engine/rates/processor.h"
#include "engine/support/rng.h"
#include "engine/support/system_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gradwright {
namespace {

/// One copy of the input serves so many products.
constexpr int kChain = 8;
constexpr std::int64_t kSmallest = 128;
constexpr double kLongEnough = 0.05; ///< s
constexpr double kBudget = 0.5;      ///< s

class ProductRun {
public:
    ProductRun(const Backend& backend, Precision precision, std::int64_t size)
        : numbers_(DType::F32, Shape{size, size}) {
        OpGraph graph;
        const auto input = graph.addInput("x", {Shape{size, size}});
        auto value = input;
        for (int i = 0; i < kChain; ++i) {
            const auto weight = graph.addWeight({fmt::format("w{}", i), Shape{size, size}, {}, {}});
            value = graph.add(DenseOp{.units = size, .bias = false}, {value},
                              fmt::format("product{}", i), {weight});
        }
        graph.addOutput("y", value);
        program_ = backend.compile(graph, {.batch = 1, .precision = precision});
        // Of deviation 1/√size, so that products keep their size. Zeros would take less power, and
        // some processors more clock for it.
        const Rng rng(1, RngStream::Test);
        const double scale = std::sqrt(12.0 / static_cast<double>(size));
        std::uint64_t counter = 0;
        for (auto& number : numbers_.span<float>())
            number = static_cast<float>(scale * (rng.uniform(counter++) - 0.5));
        for (std::uint32_t i = 0; i < kChain; ++i)
            program_->weights()->write(WeightId{i}, numbers_);
        input_ = {input, numbers_.bytes().data()};
    }

    /// Seconds of a run.
    double operator()() {
        const auto begin = std::chrono::steady_clock::now();
        program_->forward({&input_, 1});
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

private:
    Tensor numbers_;
    std::unique_ptr<Program> program_;
    BatchInput input_{};
};

} // namespace

std::optional<Rate> measureProduct(const Backend& backend, Precision precision,
                                   std::int64_t largest, const std::stop_token& stop) {
    for (auto size = std::min(kSmallest, largest);; size *= 2) {
        ProductRun run(backend, precision, size);
        run(); // what is done once, and caches
        // Other programs make runs longer, never shorter: one would end the growth too early.
        constexpr int kTries = 3;
        double best = run();
        for (int i = 1; i < kTries && !stop.stop_requested(); ++i)
            best = std::min(best, run());
        if (stop.stop_requested())
            return {};
        if (best < kLongEnough && 2 * size <= largest)
            continue;
        for (double spent = best; spent < kBudget && !stop.stop_requested();) {
            const double seconds = run();
            best = std::min(best, seconds);
            spent += seconds;
        }
        const double operations = 2.0 * kChain * std::pow(static_cast<double>(size), 3);
        return Rate{Rate::Kind::Product, formatOf(precision), operations / best,
                    fmt::format("{} products of matrices of {} × {}, {}", kChain, size, size,
                                backend.key())};
    }
}

std::size_t triadBytes(std::size_t cache, std::size_t freeMemory) {
    constexpr std::size_t kLeast = std::size_t{16} << 20;
    constexpr std::size_t kMost = std::size_t{512} << 20;
    return std::max(kLeast, std::min({std::max(4 * cache, kLeast), freeMemory / 16, kMost}));
}

void measureProcessor(const RateSink& sink, const std::stop_token& stop) {
    constexpr std::int64_t kLargest = 2048;
    for (const auto& backend : backends()) {
        const auto device = backend->device();
        for (const auto precision : device.precisions) {
            // The reference is the engine for FP64, and for nothing else.
            if (device.key == "reference" && precision != Precision::F64)
                continue;
            auto rate = measureProduct(*backend, precision, kLargest, stop);
            if (!rate)
                return;
            if (std::ranges::find(device.emulated, precision) != device.emulated.end())
                rate->how += ", emulated";
            sink(*rate);
        }
    }
    const auto processor = thisProcessor();
    const auto free = availableMemory();
    const auto bytes =
        triadBytes(processor.cache, free ? static_cast<std::size_t>(*free) : processor.memory);
    auto triad = measureTriad(bytes, stop);
    if (!triad)
        return;
    if (bytes < 4 * processor.cache)
        triad->how +=
            fmt::format("; STREAM asks for 4 times the cache of {} MiB", processor.cache >> 20);
    sink(*triad);
}

void measureGpuProducts(const Backend& backend, const RateSink& sink, const std::stop_token& stop) {
    constexpr std::int64_t kLargest = 4096;
    const OpAttributes product = DenseOp{};
    for (const auto precision :
         {Precision::F32, Precision::Tf32, Precision::Bf16, Precision::F16}) {
        if (!backend.supports(product, precision))
            continue;
        const auto rate = measureProduct(backend, precision, kLargest, stop);
        if (!rate)
            return;
        sink(*rate);
    }
}

} // namespace gradwright
