// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/decimal_cell.h"

#include <algorithm>
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
        const auto place = placeOf(code);
        if (place < places_.size() && places_[place] != 0)
            return places_[place] - 1;
        return addNew(code, place);
    }
    /// The number of a code; size() for one that has not come.
    [[nodiscard]] std::size_t find(CellCode code) const {
        if (const auto place = placeOf(code); place < kPlaces)
            return place < places_.size() && places_[place] != 0 ? places_[place] - 1 : size();
        if (slots_.empty())
            return size();
        for (auto slot = slotOf(code); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
            if (codes_[slots_[slot] - 1] == code)
                return slots_[slot] - 1;
        return size();
    }

private:
    /// The first texts of a pool and small whole numbers have a place each.
    static constexpr std::size_t kPlaces = 8192;
    [[nodiscard]] static std::size_t placeOf(CellCode code) {
        const auto value = static_cast<std::size_t>(code >> kCodeShift); // huge below 0
        if (isTextCode(code))
            return 2 * std::min(value, kPlaces / 2);
        return decimalsOf(code) == 0 && value < kPlaces / 2 ? 2 * value + 1 : kPlaces;
    }
    /// One that is new or has no place.
    std::size_t addNew(CellCode code, std::size_t place) {
        if (place >= kPlaces)
            return addFar(code);
        if (place >= places_.size())
            places_.resize(std::min(place + place / 2 + 64, kPlaces));
        codes_.push_back(code);
        places_[place] = static_cast<std::uint32_t>(codes_.size());
        return places_[place] - 1;
    }
    std::size_t addFar(CellCode code) {
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
    [[nodiscard]] std::size_t slotOf(CellCode code) const {
        // Fibonacci hashing: the upper bits of the product depend on all of the code.
        const auto product = static_cast<std::uint64_t>(code) * 0x9E3779B97F4A7C15;
        return static_cast<std::size_t>(product >> 32) & (slots_.size() - 1);
    }
    void grow() {
        slots_.assign(slots_.empty() ? 64 : 4 * slots_.size(), 0);
        for (std::size_t i = 0; i < codes_.size(); ++i) {
            if (placeOf(codes_[i]) < kPlaces)
                continue;
            auto slot = slotOf(codes_[i]);
            while (slots_[slot] != 0)
                slot = (slot + 1) & (slots_.size() - 1);
            slots_[slot] = static_cast<std::uint32_t>(i + 1);
        }
    }

    std::vector<CellCode> codes_;
    std::vector<std::uint32_t> places_; ///< 1 + the number of a code that has a place, 0 for none
    std::vector<std::uint32_t> slots_;  ///< the same of other codes; a power of two
};

} // namespace gradwright
