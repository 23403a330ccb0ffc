// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/decimal_cell.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradwright {

/// Numbers the different codes of a column's cells from 0 in the order in which they come.
class CellIndex {
public:
    [[nodiscard]] std::size_t size() const { return codes_.size(); }
    [[nodiscard]] CellCode code(std::size_t index) const { return codes_[index]; }
    /// The number of a code, which is size() before the call where it is new.
    std::size_t add(CellCode code) {
        if (2 * codes_.size() >= slots_.size())
            grow();
        auto slot = slotOf(code);
        for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
            if (codes_[slots_[slot] - 1] == code)
                return slots_[slot] - 1;
        codes_.push_back(code);
        slots_[slot] = static_cast<std::uint32_t>(codes_.size());
        return codes_.size() - 1;
    }

    /// The number of a code; size() for one that has not come.
    [[nodiscard]] std::size_t find(CellCode code) const {
        if (slots_.empty())
            return size();
        for (auto slot = slotOf(code); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
            if (codes_[slots_[slot] - 1] == code)
                return slots_[slot] - 1;
        return size();
    }

private:
    [[nodiscard]] std::size_t slotOf(CellCode code) const {
        // Fibonacci hashing: the upper bits of the product depend on all of the code.
        const auto product = static_cast<std::uint64_t>(code) * 0x9E3779B97F4A7C15;
        return static_cast<std::size_t>(product >> 32) & (slots_.size() - 1);
    }
    void grow() {
        slots_.assign(slots_.empty() ? 64 : 4 * slots_.size(), 0);
        for (std::size_t i = 0; i < codes_.size(); ++i) {
            auto slot = slotOf(codes_[i]);
            while (slots_[slot] != 0)
                slot = (slot + 1) & (slots_.size() - 1);
            slots_[slot] = static_cast<std::uint32_t>(i + 1);
        }
    }

    std::vector<CellCode> codes_;
    std::vector<std::uint32_t> slots_; ///< 1 + the number of a code, 0 for none; a power of two
};

} // namespace gradwright
