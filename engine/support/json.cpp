// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"

#include "engine/support/error.h"

#include <algorithm>
#include <set>
#include <vector>

namespace gradwright {
namespace {

struct Place {
    std::size_t line;
    std::size_t column;
};

Place placeOf(std::string_view text, std::size_t byte) {
    const auto before = text.substr(0, std::min(byte, text.size()));
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const auto lastBreak = before.rfind('\n');
    const auto column =
        lastBreak == std::string_view::npos ? before.size() + 1 : before.size() - lastBreak;
    return {line, column};
}

} // namespace

Json parseJson(std::string_view text, std::string_view what, JsonLimits limits) {
    if (text.size() > limits.bytes)
        throw Error("{}: {} bytes of JSON, at most {} are read", what, text.size(), limits.bytes);

    std::vector<std::set<std::string>> openObjects;
    const auto callback = [&](int depth, Json::parse_event_t event, Json& parsed) {
        const bool opens =
            event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
        if (opens && depth >= limits.depth)
            throw Error("{}: JSON nested deeper than {} levels", what, limits.depth);
        switch (event) {
        case Json::parse_event_t::object_start:
            openObjects.emplace_back();
            break;
        case Json::parse_event_t::object_end:
            openObjects.pop_back();
            break;
        case Json::parse_event_t::key:
            if (!openObjects.back().insert(parsed.get<std::string>()).second)
                throw Error("{}: the key \"{}\" appears twice in one object", what,
                            excerpt(parsed.get_ref<const std::string&>()));
            break;
        default:
            break;
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), callback);
    } catch (const Json::parse_error& error) {
        const auto place = placeOf(text, error.byte == 0 ? 0 : error.byte - 1);
        throw Error("{}: not valid JSON at line {}, column {}", what, place.line, place.column);
    } catch (const Json::exception& error) {
        throw Error("{}: not valid JSON ({})", what, error.what());
    }
}

std::string dumpExcerpt(const Json& json) {
    return excerpt(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string excerpt(std::string_view text) {
    constexpr std::size_t longest = 60;
    if (text.size() <= longest)
        return std::string(text);
    auto end = longest - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + "...";
}

} // namespace gradwright
