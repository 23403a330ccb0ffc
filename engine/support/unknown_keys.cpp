// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/unknown_keys.h"

#include "engine/support/json.h"

#include <algorithm>
#include <utility>

namespace gradwright {

UnknownKeys::UnknownKeys(const Json& object, std::initializer_list<std::string_view> known) {
    auto rest = Json::object();
    for (const auto& [key, value] : object.items())
        if (std::ranges::find(known, key) == known.end())
            rest[key] = value;
    if (!rest.empty())
        object_ = std::make_shared<const Json>(std::move(rest));
}

const Json& UnknownKeys::json() const {
    static const auto none = Json::object();
    return object_ ? *object_ : none;
}

void UnknownKeys::set(const std::string& key, Json value) {
    auto changed = json();
    changed[key] = std::move(value);
    object_ = std::make_shared<const Json>(std::move(changed));
}

Json UnknownKeys::take(const std::string& key) {
    auto rest = json();
    const auto found = rest.find(key);
    if (found == rest.end())
        return {};
    Json value = std::move(*found);
    rest.erase(found);
    object_ = rest.empty() ? nullptr : std::make_shared<const Json>(std::move(rest));
    return value;
}

bool UnknownKeys::operator==(const UnknownKeys& other) const {
    return object_ == other.object_ || json() == other.json();
}

} // namespace gradwright
