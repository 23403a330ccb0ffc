// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gradwright {

/// A DataSource whose samples can be told by where they come from.
class SampleOrigins {
public:
    virtual ~SampleOrigins() = default;
    /// "cat/12.png", "line 17".
    [[nodiscard]] virtual std::string origin(std::int64_t index) const = 0;
};

} // namespace gradwright
