// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// Formats of numbers that devices have peaks for, in the order of tables.
enum class RateFormat { F64, F32, Tf32, F16, Bf16, I8 };
inline constexpr std::size_t kRateFormats = 6;
inline constexpr std::array<RateFormat, kRateFormats> kAllRateFormats{
    RateFormat::F64, RateFormat::F32,  RateFormat::Tf32,
    RateFormat::F16, RateFormat::Bf16, RateFormat::I8};

/// "FP64", "INT8".
std::string_view nameOf(RateFormat format);
RateFormat formatOf(Precision precision);

/// What a device could do at most.
struct Peak {
    std::optional<double> perSecond; ///< operations, two a multiply-add; nothing: unknown
    std::string formula; ///< how it follows from what the device says, or what it does not say
};
/// By format.
using Peaks = std::array<Peak, kRateFormats>;

/// What a device did.
struct Rate {
    enum class Kind {
        Product,    ///< of matrices, in operations per second
        Memory,     ///< its own, in bytes per second, as all that follow
        ToDevice,   ///< copies from the computer's memory to the device's
        FromDevice, ///< and back
    };
    Kind kind = Kind::Product;
    RateFormat format = RateFormat::F32; ///< of a product
    double perSecond = 0;
    std::string how; ///< sizes and engine, e.g. "matrices of 1024 × 1024, onednn"
    bool operator==(const Rate&) const = default;
};
using RateSink = std::function<void(const Rate&)>;

/// "matrix product FP32", "memory".
std::string titleOf(const Rate& rate);

/// Three digits and a prefix: "1.23 TFLOP/s", "88.1 GB/s"; INT8 counts OP/s.
std::string operationsText(double perSecond, RateFormat format = RateFormat::F32);
std::string bytesPerSecondText(double perSecond);
std::string textOf(const Rate& rate);

} // namespace gradwright
