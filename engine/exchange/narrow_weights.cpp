// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/narrow_weights.h"

#include "engine/support/error.h"
#include "engine/tensor/number_format.h"

#include <array>
#include <cmath>
#include <cstring>

namespace gradwright {
namespace {

constexpr std::array<std::pair<DType, std::string_view>, 3> kWeightTypes = {
    {{DType::F32, "fp32"}, {DType::F16, "fp16"}, {DType::BF16, "bf16"}}};

} // namespace

DType weightTypeOf(std::string_view key) {
    for (const auto& [type, name] : kWeightTypes)
        if (name == key)
            return type;
    throw Error("weights are written as fp32, fp16 or bf16, not \"{}\"", key);
}

std::string_view keyOfWeightType(DType type) {
    for (const auto& [known, name] : kWeightTypes)
        if (known == type)
            return name;
    throw Error("weights are not written as {}", nameOf(type));
}

Tensor narrowed(const Tensor& values, DType type, std::string_view key) {
    const auto& format = numberFormat(keyOfWeightType(type));
    const auto numbers = values.span<float>();
    Tensor made(type, values.shape());
    auto* to = made.bytes().data();
    for (const float number : numbers) {
        const auto bits = static_cast<std::uint16_t>(encode(format, static_cast<double>(number)));
        if (std::isfinite(number) && !std::isfinite(decode(format, bits)))
            throw Error("{} holds {:.6g}, and the largest number of {} is {:.6g}: choose wider "
                        "weights",
                        key, number, format.title, largestNumber(format));
        std::memcpy(to, &bits, sizeof bits);
        to += sizeof bits;
    }
    return made;
}

Weights roundedWeights(const Weights& weights, DType type) {
    if (type == DType::F32)
        return weights;
    Weights rounded;
    for (const auto& [key, values] : weights.values)
        rounded.values.emplace_back(
            key, narrowed(values.dtype() == DType::F32 ? values : values.to(DType::F32), type, key)
                     .to(DType::F32));
    return rounded;
}

} // namespace gradwright
