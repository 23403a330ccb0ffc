// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QLineEdit;

namespace gradwright {

class ThemeManager;

/// Makes a field one to search with: a magnifier in front and a button that empties it. `prompt` is
/// what the empty field shows, `name` what screen readers call it, the prompt where that is empty.
/// All fields that filter or find something are made so; tst_search_fields looks for others.
void makeSearchField(QLineEdit& field, const ThemeManager& themes, const QString& prompt,
                     const QString& name = {});

/// Whether makeSearchField() has made it one.
bool isSearchField(const QLineEdit& field);

} // namespace gradwright
