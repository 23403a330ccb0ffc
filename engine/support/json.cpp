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

/// Goes through a document for what a parser would let pass. Throws Error.
class Checker final : public Json::json_sax_t {
public:
    Checker(std::string_view text, std::string_view what, const JsonLimits& limits)
        : text_(text)
        , what_(what)
        , limits_(limits) {}

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }

    bool start_object(std::size_t) override {
        keys_.emplace_back();
        return open();
    }
    bool key(string_t& name) override {
        if (!keys_.back().insert(name).second)
            throw Error("{}: the key \"{}\" appears twice in one object", what_, excerpt(name));
        return true;
    }
    bool end_object() override {
        keys_.pop_back();
        return close();
    }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }

    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& error) override {
        if (const auto* syntax = dynamic_cast<const Json::parse_error*>(&error)) {
            const auto place = placeOf(text_, syntax->byte == 0 ? 0 : syntax->byte - 1);
            // What a full disk or an interrupted copy leaves is told from what is no JSON at all.
            const auto* const end = text_.empty()                 ? "; it is empty"
                                    : syntax->byte > text_.size() ? "; it is cut off there"
                                                                  : "";
            throw Error("{}: not valid JSON at line {}, column {}{}", what_, place.line,
                        place.column, end);
        }
        throw Error("{}: not valid JSON ({})", what_, error.what());
    }

private:
    bool open() {
        if (depth_++ >= limits_.depth)
            throw Error("{}: JSON nested deeper than {} levels", what_, limits_.depth);
        return true;
    }
    bool close() {
        --depth_;
        return true;
    }

    std::string_view text_, what_;
    JsonLimits limits_;
    int depth_ = 0;
    std::vector<std::set<std::string, std::less<>>> keys_; ///< of the open objects
};

} // namespace

Json parseJson(std::string_view text, std::string_view what, JsonLimits limits) {
    if (text.size() > limits.bytes)
        throw Error("{}: {} bytes of JSON, at most {} are read", what, text.size(), limits.bytes);
    // In two passes: parsing with a callback looks at all elements of a list after each of them.
    Checker checker(text, what, limits);
    Json::sax_parse(text.begin(), text.end(), &checker);
    return Json::parse(text.begin(), text.end());
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
