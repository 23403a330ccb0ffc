// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/setting_words.h"

#include "engine/data/catalog.h"
#include "engine/support/param.h"

#include <algorithm>
#include <string_view>

namespace gradwright {
namespace {

constexpr std::string_view kPrefix = "data.";

std::string_view wordAt(std::string_view text) {
    const auto end = std::ranges::find_if_not(
        text, [](char each) { return (each >= 'a' && each <= 'z') || each == '_'; });
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

} // namespace

std::string inFormWords(const std::string& text, const std::string& dataset) {
    const auto& specs = gradwright::dataset(dataset).params;
    std::string words;
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto at = rest.find(kPrefix);
        words += rest.substr(0, at);
        if (at == std::string_view::npos)
            break;
        // A file may be called so, too: "my-data.csv".
        const bool isInside = at > 0 && rest[at - 1] != ' ' && rest[at - 1] != '(';
        rest.remove_prefix(at + kPrefix.size());
        const auto key = wordAt(rest);
        const auto* const spec = isInside ? nullptr : findParam(specs, key);
        if (spec == nullptr) {
            words += kPrefix;
            continue;
        }
        words += "“" + spec->title;
        rest.remove_prefix(key.size());
        if (rest.starts_with('=')) {
            const auto value = wordAt(rest.substr(1));
            const auto choice = std::ranges::find(spec->choices, value, &ParamChoice::key);
            words += ": ";
            words += choice == spec->choices.end() ? value : std::string_view(choice->title);
            rest.remove_prefix(1 + value.size());
        }
        words += "”";
    }
    return words;
}

} // namespace gradwright
