// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include <functional>

class QWidget;

namespace gradwright {

/// A question with fields to type in.
struct TextQuestion {
    QString title;
    QString button;     ///< what Return does: "Rename"
    QStringList labels; ///< of the fields
    QStringList texts;  ///< what they hold first
};

/// Asks until `accept` has nothing against the answers, whose words are shown beneath the fields
/// and leave what was typed. False when cancelled.
bool askTexts(QWidget& window, const TextQuestion& question,
              const std::function<QString(const QStringList&)>& accept);

} // namespace gradwright
