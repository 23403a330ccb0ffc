// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// The choice of one of a catalog, as a RecipeForm takes it.
template <class Def>
ParamSpec choiceOf(const char* key, const char* title, const std::vector<Def>& catalog,
                   const std::string& defaultValue, const char* doc) {
    std::vector<ParamChoice> choices;
    for (const auto& def : catalog)
        choices.push_back({def.key, def.title, def.doc});
    return choiceParam(key, title, defaultValue, std::move(choices), doc);
}

} // namespace gradwright
