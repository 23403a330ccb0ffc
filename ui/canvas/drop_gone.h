// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>

namespace gradwright {

/// Deletes the items of what `keeps` says is gone.
template <class Items, class F>
void dropGone(Items& items, F keeps) {
    std::erase_if(items, [&](const auto& entry) {
        const bool gone = !keeps(entry.first);
        if (gone)
            delete entry.second;
        return gone;
    });
}

} // namespace gradwright
