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

/// Deletes the items of what is not among `wanted` any more, and makes those that are missing;
/// both maps have the same keys then.
template <class Items, class Wanted, class F>
void syncWith(Items& items, const Wanted& wanted, F make) {
    auto item = items.begin();
    const auto drop = [&] {
        delete item->second;
        item = items.erase(item);
    };
    for (const auto& [id, value] : wanted) {
        while (item != items.end() && item->first < id)
            drop();
        if (item == items.end() || id < item->first)
            item = items.emplace_hint(item, id, make(id));
        ++item;
    }
    while (item != items.end())
        drop();
}

} // namespace gradwright
