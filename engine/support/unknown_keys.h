// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace gradwright {

/// What an object in a file holds beside the keys that this version knows. It is written back as it
/// was, so that a file of a later version loses nothing.
class UnknownKeys {
public:
    UnknownKeys() = default;
    /// Those of an object that are not among the known ones.
    UnknownKeys(const Json& object, std::initializer_list<std::string_view> known);

    /// An object, which may be empty.
    [[nodiscard]] const Json& json() const;
    void set(const std::string& key, Json value);
    /// Removes the key. Returns its value; null where there is none.
    Json take(const std::string& key);

    bool operator==(const UnknownKeys& other) const;

private:
    std::shared_ptr<const Json> object_; ///< shared by copies and never changed; none: no keys
};

} // namespace gradwright
