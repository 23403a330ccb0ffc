// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/fuzzy.h"

#include <QStringList>

#include <algorithm>
#include <functional>
#include <vector>

namespace gradwright {

namespace {

constexpr int kLetter = 1;
constexpr int kRun = 4;       // the letter before was found, too
constexpr int kWordStart = 6; // "n" in "Batch normalization"
constexpr int kTextStart = 4; // on top
constexpr int kNone = -1;

bool startsWord(const QString& text, qsizetype at) {
    if (at == 0 || !text[at - 1].isLetterOrNumber())
        return true;
    return text[at].isUpper() && text[at - 1].isLower();
}

} // namespace

std::optional<int> fuzzyScore(const QString& text, const QString& typed) {
    const QString wanted = typed.simplified().remove(u' ').toCaseFolded();
    const QString folded = text.toCaseFolded();
    if (wanted.isEmpty())
        return 0;
    if (folded.size() != text.size() || wanted.size() > text.size())
        return folded.contains(wanted) ? std::optional(kLetter) : std::nullopt;
    // best[i]: of all ways to find the letters so far, the last of them at i.
    const auto length = static_cast<std::size_t>(text.size());
    std::vector<int> best(length, 0);
    for (qsizetype letter = 0; letter < wanted.size(); ++letter) {
        std::vector<int> next(length, kNone);
        int before = letter == 0 ? 0 : kNone; // best of all ways that end before i - 1
        for (std::size_t i = 0; i < length; ++i) {
            const auto at = static_cast<qsizetype>(i);
            const int adjacent =
                letter > 0 && i > 0 && best[i - 1] != kNone ? best[i - 1] + kRun : kNone;
            if (const int from = std::max(before, adjacent);
                from != kNone && folded[at] == wanted[letter])
                next[i] = from + kLetter + (startsWord(text, at) ? kWordStart : 0) +
                          (i == 0 ? kTextStart : 0);
            if (letter > 0 && i > 0)
                before = std::max(before, best[i - 1]);
        }
        best = std::move(next);
    }
    const int found = *std::ranges::max_element(best);
    return found == kNone ? std::nullopt : std::optional(found);
}

bool answersWords(const QString& text, const QString& typed) {
    const QString folded = text.toCaseFolded();
    const QStringList wanted = typed.toCaseFolded().simplified().split(u' ', Qt::SkipEmptyParts);
    if (std::ranges::all_of(wanted, [&](const QString& word) { return folded.contains(word); }))
        return true;
    // Beginnings: how much of `rest` can be found from the word at `at` on.
    const QString rest = wanted.join(QString());
    const std::function<bool(qsizetype, qsizetype)> follows = [&](qsizetype at, qsizetype done) {
        if (done == rest.size())
            return true;
        for (qsizetype start = at; start < text.size(); ++start) {
            if (!startsWord(text, start) || folded[start] != rest[done])
                continue;
            qsizetype same = 0;
            while (start + same < folded.size() && done + same < rest.size() &&
                   folded[start + same] == rest[done + same])
                ++same;
            for (; same > 0; --same)
                if (follows(start + same, done + same))
                    return true;
        }
        return false;
    };
    return folded.size() == text.size() && follows(0, 0);
}

} // namespace gradwright
