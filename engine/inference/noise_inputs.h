// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <span>
#include <vector>

namespace gradwright {

/// A batch for a program whose answers do not matter: noise, or 0 where some inputs are indices.
class NoiseInputs {
public:
    explicit NoiseInputs(const Program& program);

    [[nodiscard]] std::span<const BatchInput> bound() const { return bound_; }

private:
    std::vector<std::vector<float>> values_;
    std::vector<BatchInput> bound_;
};

} // namespace gradwright
