// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"

#include "engine/support/error.h"

namespace gradwright {

void DataSource::bytes(std::int64_t index, std::span<std::uint8_t> /*out*/) const {
    throw Error("sample {} is not kept as bytes", index);
}

const Shape& DataSource::targetShape() const {
    static const Shape none;
    return none;
}

void DataSource::target(std::int64_t index, std::span<float> /*out*/) const {
    throw Error("sample {} has a class, not target values", index);
}

} // namespace gradwright
