// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <vector>

namespace architecture {

/// A room of the house: a folder, and the rooms it may look into (and what those may look into).
struct Room {
    QString folder;
    QStringList sees;
};

/// The allowed looks, after docs/design.md. A new folder needs a row here.
const std::vector<Room>& rooms();

/// The room that a file lies in (that of the longest folder), or nullptr.
const Room* roomOf(const QString& path);

/// True when `from` is `to` or may look into it, directly or through others.
bool sees(const Room& from, const Room& to);

/// The rules that a source file breaks, one line each. `path` is relative to the project's root.
QStringList violations(const QString& path, const QByteArray& text);

} // namespace architecture
