// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>

namespace gradwright {

/// How well a text answers what was typed; higher is better, nothing when it does not. All typed
/// letters must occur in order, whatever their case; beginnings of words and runs of letters count
/// more ("bn" finds "Batch normalization"). Nothing typed fits everything with 0.
std::optional<int> fuzzyScore(const QString& text, const QString& typed);

/// Whether a text has each typed word: as it is written, or by beginnings of words that follow each
/// other ("sa" and "saas" for "Save as"). Letters that are merely somewhere in the text in that
/// order, as fuzzyScore() takes them, are no answer where the list is long.
bool answersWords(const QString& text, const QString& typed);

} // namespace gradwright
