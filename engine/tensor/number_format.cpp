// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/number_format.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace gradwright {
namespace {

constexpr auto kInteger = NumberFormat::Kind::Integer;
constexpr auto kNoInfinity = NumberFormat::Kind::NoInfinity;
constexpr auto kIeee = NumberFormat::Kind::Ieee;

constexpr std::array kNumberFormats{
    NumberFormat{"fp64", "FP64", "The reference: what other results are compared with.", kIeee, 11,
                 52},
    NumberFormat{"fp32", "FP32", "What networks are trained in by default.", kIeee, 8, 23},
    NumberFormat{"tf32", "TF32", "What tensor cores round the factors of FP32 products to.", kIeee,
                 8, 10},
    NumberFormat{"bf16", "BF16",
                 "The range of FP32 with fewer digits: training needs no scaling of the loss.",
                 kIeee, 8, 7},
    NumberFormat{
        "fp16", "FP16",
        "More digits than BF16 in a small range: gradients are scaled so as not to vanish.", kIeee,
        5, 10},
    NumberFormat{"fp8-e5m2", "FP8 E5M2", "Gradients in 8 bits, beside a scale.", kIeee, 5, 2},
    NumberFormat{"fp8-e4m3", "FP8 E4M3", "Weights and activations in 8 bits, beside a scale.",
                 kNoInfinity, 4, 3},
    NumberFormat{"int8", "INT8", "Inference: weights and activations as integers times a scale.",
                 kInteger, 0, 7},
    NumberFormat{"int4", "INT4",
                 "Weights of large networks: integers times a scale for each group.", kInteger, 0,
                 3},
};

std::uint64_t maskOf(int bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

std::uint64_t signBit(const NumberFormat& format) {
    return std::uint64_t{1} << (format.bits() - 1);
}

/// The bits of the largest number, without its sign.
std::uint64_t largestBits(const NumberFormat& format) {
    if (format.isInteger())
        return maskOf(format.mantissaBits);
    if (format.kind == kNoInfinity)
        return maskOf(format.exponentBits + format.mantissaBits) - 1;
    return (maskOf(format.exponentBits) << format.mantissaBits) - 1;
}

std::uint64_t infinityBits(const NumberFormat& format) {
    return maskOf(format.exponentBits) << format.mantissaBits;
}

std::uint64_t nanBits(const NumberFormat& format) {
    return maskOf(format.exponentBits + format.mantissaBits);
}

std::uint64_t encodeInteger(const NumberFormat& format, double number) {
    const auto most = std::ldexp(1.0, format.mantissaBits);
    const auto whole = std::isnan(number) ? 0 : std::clamp(std::nearbyint(number), -most, most - 1);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)) & maskOf(format.bits());
}

/// Without sign, for a number that is above zero and finite.
std::uint64_t encodeMagnitude(const NumberFormat& format, double number) {
    const int least = 1 - format.bias();                      // exponent of normal numbers
    const int exponent = std::max(std::ilogb(number), least); // of the unit in front of the point
    const auto units = std::nearbyint(std::ldexp(number, format.mantissaBits - exponent));
    // A carry into the next exponent comes out right: the bits follow each other in size.
    const auto steps = static_cast<std::uint64_t>(units);
    const auto base = static_cast<std::uint64_t>(exponent - least) << format.mantissaBits;
    const auto bits = base + steps;
    if (bits <= largestBits(format))
        return bits;
    return format.kind == kNoInfinity ? nanBits(format) : infinityBits(format);
}

} // namespace

std::span<const NumberFormat> numberFormats() {
    return kNumberFormats;
}

const NumberFormat& numberFormat(std::string_view key) {
    const auto* const found = std::ranges::find(kNumberFormats, key, &NumberFormat::key);
    if (found != kNumberFormats.end())
        return *found;
    std::vector<std::string_view> known;
    for (const auto& format : kNumberFormats)
        known.push_back(format.key);
    throw Error("no number format is called \"{}\"; there are {}", key, fmt::join(known, ", "));
}

double decode(const NumberFormat& format, std::uint64_t bits) {
    const bool negative = (bits & signBit(format)) != 0;
    if (format.isInteger()) {
        const auto low = static_cast<double>(bits & maskOf(format.mantissaBits));
        return negative ? low - std::ldexp(1.0, format.mantissaBits) : low;
    }
    const auto magnitude = bits & maskOf(format.exponentBits + format.mantissaBits);
    const auto exponent = static_cast<int>(magnitude >> format.mantissaBits);
    const auto mantissa = static_cast<double>(magnitude & maskOf(format.mantissaBits));
    double number = 0;
    if (magnitude > largestBits(format))
        number = format.kind == kIeee && magnitude == infinityBits(format)
                     ? std::numeric_limits<double>::infinity()
                     : std::numeric_limits<double>::quiet_NaN();
    else if (exponent == 0)
        number = std::ldexp(mantissa, 1 - format.bias() - format.mantissaBits);
    else
        number = std::ldexp(std::ldexp(1.0, format.mantissaBits) + mantissa,
                            exponent - format.bias() - format.mantissaBits);
    return negative ? -number : number;
}

std::uint64_t encode(const NumberFormat& format, double number) {
    if (format.isInteger())
        return encodeInteger(format, number);
    const auto sign = std::signbit(number) ? signBit(format) : 0;
    if (std::isnan(number))
        return sign | nanBits(format);
    if (std::isinf(number))
        return sign | (format.kind == kNoInfinity ? nanBits(format) : infinityBits(format));
    return number == 0 ? sign : sign | encodeMagnitude(format, std::abs(number));
}

double largestNumber(const NumberFormat& format) {
    return decode(format, largestBits(format));
}

double smallestNormal(const NumberFormat& format) {
    return format.isInteger() ? 1 : std::ldexp(1.0, 1 - format.bias());
}

double smallestNumber(const NumberFormat& format) {
    return decode(format, 1);
}

double spacingAt(const NumberFormat& format, double number) {
    const auto near = std::abs(rounded(format, number));
    if (!(near < largestNumber(format)))
        return std::numeric_limits<double>::infinity();
    return decode(format, encode(format, near) + 1) - near;
}

} // namespace gradwright
