// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/peaks.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kFmaOperations = 2;

Peak& at(Peaks& peaks, RateFormat format) {
    return peaks[static_cast<std::size_t>(format)];
}

/// Vector units of a core that multiply and add, and how wide they are.
struct VectorUnits {
    int count = 0;
    int bits = 0;
};

bool isOneOf(int model, std::initializer_list<int> models) {
    return std::ranges::find(models, model) != models.end();
}

/// Nothing where the list does not have the processor.
VectorUnits unitsOf(const ProcessorFacts& processor) {
    constexpr int kNarrow = 256;
    constexpr int kWide = 512;
    if (processor.vendor == "GenuineIntel" && processor.family == 6) {
        // Ice Lake, Sapphire Rapids, Emerald Rapids, Granite Rapids, all for servers.
        if (processor.has("avx512f") && isOneOf(processor.model, {106, 108, 143, 207, 173}))
            return {2, kWide};
        // Haswell to Comet Lake, without AVX-512.
        if (processor.has("fma") && !processor.has("avx512f") &&
            isOneOf(processor.model, {60, 63, 69, 70, 61, 71, 79, 86, 78, 94, 142, 158, 165, 166}))
            return {2, kNarrow};
    }
    // Zen 2 and 3; Zen 4 takes two cycles for 512 bits.
    constexpr int kZen2 = 0x31;
    if (processor.vendor == "AuthenticAMD" && processor.has("fma") &&
        ((processor.family == 0x17 && processor.model >= kZen2) || processor.family == 0x19))
        return {2, kNarrow};
    return {};
}

} // namespace

Peaks processorPeaks(const ProcessorFacts& processor) {
    Peaks peaks;
    if (processor.cores == 0 || processor.clock == 0) {
        for (auto& peak : peaks)
            peak.formula = "the system does not say how many cores there are and how fast they are";
        return peaks;
    }
    const auto set = [&](RateFormat format, int operations, const std::string& origin) {
        at(peaks, format) = {processor.cores * processor.clock * operations,
                             fmt::format("{} cores × {:.2f} GHz ({}) × {} operations a cycle ({})",
                                         processor.cores, processor.clock / 1e9,
                                         processor.clockOrigin, operations, origin)};
    };
    const auto units = unitsOf(processor);
    for (const auto format : kAllRateFormats)
        at(peaks, format).formula = units.count == 0
                                        ? "how many vector units a core has is not known"
                                        : "the processor has no instructions for it";
    const auto vector = [&](RateFormat format, int bits) {
        const int lanes = units.bits / bits;
        set(format, units.count * lanes * kFmaOperations,
            fmt::format("{} units × {} numbers × 2", units.count, lanes));
    };
    if (units.count > 0) {
        vector(RateFormat::F64, 64);
        vector(RateFormat::F32, 32);
        if (processor.has("avx512_fp16"))
            vector(RateFormat::F16, 16);
        const bool isWide = units.bits == 512;
        if (isWide ? processor.has("avx512_vnni") : processor.has("avx_vnni"))
            vector(RateFormat::I8, 8);
        if (processor.has("avx512_bf16"))
            at(peaks, RateFormat::Bf16).formula = "how many units multiply bfloat16 is not known";
    }
    // A tile of 16 × 16 sums takes 16 cycles for a depth of 64 bytes (Intel's manual, "Intel AMX").
    constexpr int kTileRows = 16;
    const auto tiles = [&](RateFormat format, int depth) {
        set(format, kTileRows * depth * kFmaOperations, fmt::format("AMX: 16 × {} × 2", depth));
    };
    if (processor.has("amx_bf16"))
        tiles(RateFormat::Bf16, 32);
    if (processor.has("amx_fp16"))
        tiles(RateFormat::F16, 32);
    if (processor.has("amx_int8"))
        tiles(RateFormat::I8, 64);
    return peaks;
}

namespace {

/// Multiply-adds of a multiprocessor in a cycle; 0: unknown or none.
struct MultiprocessorRates {
    int capability;
    int f64, f32;
    int f16;                   ///< without tensor cores, where there are none
    int tf32Tensor, f16Tensor; ///< dense; bfloat16 as FP16 from 8.0 on
    int i8Tensor;
};

constexpr MultiprocessorRates kMultiprocessors[] = {
    {60, 32, 64, 128, 0, 0, 0},         {70, 32, 64, 0, 0, 512, 0}, {75, 2, 64, 0, 0, 512, 1024},
    {80, 32, 64, 0, 512, 1024, 2048},   {86, 2, 128, 0, 0, 0, 0},   {89, 2, 128, 0, 0, 0, 0},
    {90, 64, 128, 0, 1024, 2048, 4096}, {100, 64, 128, 0, 0, 0, 0}, {120, 2, 128, 0, 0, 0, 0},
};

} // namespace

Peaks gpuPeaks(const GpuInfo& gpu) {
    Peaks peaks;
    const int capability = 10 * gpu.major + gpu.minor;
    const auto* const rates =
        std::ranges::find(kMultiprocessors, capability, &MultiprocessorRates::capability);
    const bool isKnown = rates != std::end(kMultiprocessors) && gpu.clock > 0;
    for (auto& peak : peaks)
        peak.formula =
            gpu.clock <= 0 ? "the driver does not tell the clock"
            : !isKnown     ? fmt::format("operations a cycle of compute capability {}.{} are not "
                                             "known",
                                         gpu.major, gpu.minor)
                       : "GPUs of this compute capability have no instructions for it, or differ";
    if (!isKnown)
        return peaks;
    const auto set = [&](RateFormat format, int fused, const char* where) {
        if (fused == 0)
            return;
        at(peaks, format) = {
            gpu.multiprocessors * gpu.clock * fused * kFmaOperations,
            fmt::format("{} multiprocessors × {:.2f} GHz × {} multiply-adds a cycle{} × 2",
                        gpu.multiprocessors, gpu.clock / 1e9, fused, where)};
    };
    constexpr auto kTensor = " on tensor cores";
    constexpr int kFirstWithBf16 = 80;
    set(RateFormat::F64, rates->f64, "");
    set(RateFormat::F32, rates->f32, "");
    set(RateFormat::F16, rates->f16, "");
    set(RateFormat::F16, rates->f16Tensor, kTensor);
    set(RateFormat::Tf32, rates->tf32Tensor, kTensor);
    if (capability >= kFirstWithBf16)
        set(RateFormat::Bf16, rates->f16Tensor, kTensor);
    set(RateFormat::I8, rates->i8Tensor, kTensor);
    return peaks;
}

Peak gpuBandwidth(const GpuInfo& gpu) {
    if (gpu.memoryClock <= 0 || gpu.memoryBits <= 0)
        return {{}, "the driver does not tell the memory's clock and width"};
    constexpr int kBits = 8;
    return {2 * gpu.memoryClock * gpu.memoryBits / kBits,
            fmt::format("{:.3f} GHz × 2 × {} bits", gpu.memoryClock / 1e9, gpu.memoryBits)};
}

} // namespace gradwright
