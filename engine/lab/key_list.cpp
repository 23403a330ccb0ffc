// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/key_list.h"

namespace gradwright {

std::vector<std::string> keyList(std::string_view text) {
    std::vector<std::string> keys;
    std::string key;
    const auto end = [&] {
        if (!key.empty())
            keys.push_back(key);
        key.clear();
    };
    for (const char c : text) {
        if (c == ',')
            end();
        else if (c != ' ')
            key += c;
    }
    end();
    return keys;
}

} // namespace gradwright
