// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string_view>

namespace gradwright {

/// The numbers that one cell lists: "0 128 255", "0, 128, 255", "0;128;255", all of them in
/// brackets or not, as rows in brackets "[[0 128] [255 0]]", too.
class NumberList {
public:
    /// What NumPy writes in place of most numbers of a long list.
    static constexpr std::string_view kLeftOut = "...";

    explicit NumberList(std::string_view cell)
        : rest_(cell) {
        skip(kBetween);
        if (!rest_.empty() && rest_.front() == '(')
            rest_.remove_prefix(1);
        const auto last = rest_.find_last_not_of(kBetween);
        if (last != std::string_view::npos && rest_[last] == ')')
            rest_ = rest_.substr(0, last);
        skip(kBetween);
    }
    [[nodiscard]] bool isAtEnd() const { return rest_.empty(); }
    /// The next one, which may be no number; empty at the end.
    std::string_view next() {
        const auto number = rest_.substr(0, std::min(rest_.find_first_of(kBetween), rest_.size()));
        rest_.remove_prefix(number.size());
        skip(kBetween);
        return number;
    }

private:
    static constexpr std::string_view kBetween = " \t\r\n,;[]";
    void skip(std::string_view letters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(letters), rest_.size()));
    }

    std::string_view rest_;
};

} // namespace gradwright
