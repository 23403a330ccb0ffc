// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace gradwright {

/// How many axes the values of a model have, as far as that follows without their lengths. The
/// model has to live as long.
class KnownRanks {
public:
    explicit KnownRanks(const OnnxModel& model);

    [[nodiscard]] std::optional<std::size_t> at(const std::string& value) const;
    /// What the node makes, once what it reads is known.
    void learn(const OnnxNode& node);
    void set(const std::string& value, std::size_t rank) { ranks_[value] = rank; }

private:
    [[nodiscard]] std::optional<std::size_t> elementsOf(const std::string& value) const;
    [[nodiscard]] std::optional<std::size_t> rankOf(const OnnxNode& node) const;

    const OnnxModel& model_;
    std::map<std::string, std::size_t, std::less<>> ranks_;
};

} // namespace gradwright
