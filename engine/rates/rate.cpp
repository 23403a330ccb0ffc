// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

std::string withPrefix(double value, std::string_view unit) {
    constexpr std::array<std::string_view, 6> prefixes{"", "K", "M", "G", "T", "P"};
    std::size_t prefix = 0;
    // What would be rounded to 1000 takes the next prefix.
    while (value >= 999.5 && prefix + 1 < prefixes.size()) {
        value /= 1000;
        ++prefix;
    }
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}{}", value, decimals, prefixes[prefix], unit);
}

} // namespace

std::string_view nameOf(RateFormat format) {
    constexpr std::array<std::string_view, kRateFormats> names{"FP64", "FP32", "TF32",
                                                               "FP16", "BF16", "INT8"};
    return names[static_cast<std::size_t>(format)];
}

RateFormat formatOf(Precision precision) {
    switch (precision) {
    case Precision::F64:
        return RateFormat::F64;
    case Precision::Bf16:
        return RateFormat::Bf16;
    case Precision::F16:
        return RateFormat::F16;
    case Precision::Tf32:
        return RateFormat::Tf32;
    case Precision::F32:
        break;
    }
    return RateFormat::F32;
}

std::string titleOf(const Rate& rate) {
    switch (rate.kind) {
    case Rate::Kind::Product:
        return fmt::format("matrix product {}", nameOf(rate.format));
    case Rate::Kind::Memory:
        return "memory";
    case Rate::Kind::ToDevice:
        return "copy to the device";
    case Rate::Kind::FromDevice:
        break;
    }
    return "copy from the device";
}

std::string operationsText(double perSecond, RateFormat format) {
    return withPrefix(perSecond, format == RateFormat::I8 ? "OP/s" : "FLOP/s");
}

std::string bytesPerSecondText(double perSecond) {
    return withPrefix(perSecond, "B/s");
}

std::string textOf(const Rate& rate) {
    return rate.kind == Rate::Kind::Product ? operationsText(rate.perSecond, rate.format)
                                            : bytesPerSecondText(rate.perSecond);
}

} // namespace gradwright
