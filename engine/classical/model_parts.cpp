// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/model_parts.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

template <class T>
Tensor arrayOf(const std::vector<T>& values) {
    return Tensor::of<T>(Shape{static_cast<std::int64_t>(values.size())}, values);
}

template <class T>
void requireFinite(std::string_view name, std::span<const T> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw Error("\"{}\" holds {} as number {}", name, values[i], i + 1);
}

} // namespace

void ModelParts::put(std::string name, Tensor array) {
    arrays_.insert_or_assign(std::move(name), std::move(array));
}
void ModelParts::put(std::string name, const std::vector<double>& values) {
    put(std::move(name), arrayOf(values));
}
void ModelParts::put(std::string name, const std::vector<float>& values) {
    put(std::move(name), arrayOf(values));
}
void ModelParts::put(std::string name, const std::vector<std::int64_t>& values) {
    put(std::move(name), arrayOf(values));
}

const Tensor& ModelParts::array(std::string_view name, DType type) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end())
        throw Error("the model has no \"{}\"", name);
    if (found->second.dtype() != type)
        throw Error("\"{}\" is of type {}, not {}", name, nameOf(found->second.dtype()),
                    nameOf(type));
    return found->second;
}

const Tensor& ModelParts::array(std::string_view name, DType type, std::size_t count) const {
    const auto& found = array(name, type);
    if (found.elements() != static_cast<std::int64_t>(count))
        throw Error("\"{}\" has {} numbers, not {}", name, found.elements(), count);
    return found;
}

std::vector<double> ModelParts::reals(std::string_view name, std::size_t count, bool finite) const {
    const auto values = array(name, DType::F64, count).span<double>();
    if (finite)
        requireFinite(name, values);
    return {values.begin(), values.end()};
}

std::vector<float> ModelParts::singles(std::string_view name, std::size_t count) const {
    const auto values = array(name, DType::F32, count).span<float>();
    requireFinite(name, values);
    return {values.begin(), values.end()};
}

std::vector<std::int64_t> ModelParts::whole(std::string_view name, std::size_t count,
                                            std::int64_t least, std::int64_t most) const {
    const auto values = array(name, DType::I64, count).span<std::int64_t>();
    for (const auto value : values)
        if (value < least || value > most)
            throw Error("\"{}\" holds {}, which is not from {} to {}", name, value, least, most);
    return {values.begin(), values.end()};
}

std::size_t ModelParts::count(std::string_view name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end())
        throw Error("the model has no \"{}\"", name);
    return static_cast<std::size_t>(found->second.elements());
}

} // namespace gradwright
