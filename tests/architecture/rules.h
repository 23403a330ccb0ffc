// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <vector>

namespace architecture {

/// A module: a folder, and the modules it may include (and what those may include).
struct Module {
    QString folder;
    QStringList sees;
};

/// The allowed looks, after docs/design.md. A new folder needs a row here.
const std::vector<Module>& modules();

/// The module that a file lies in (that of the longest folder), or nullptr.
const Module* moduleOf(const QString& path);

/// True when `from` is `to` or may look into it, directly or through others.
bool sees(const Module& from, const Module& to);

/// The rules that a source file breaks, one line each. `path` is relative to the project's root.
QStringList violations(const QString& path, const QByteArray& text);

} // namespace architecture
