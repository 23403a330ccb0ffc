// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/unsaved_networks.h"

#include <QDateTime>
#include <QString>

namespace gradwright {

/// "today 14:02", "yesterday", "12 November".
QString whenText(const QDateTime& time);
QDateTime localTime(std::chrono::system_clock::time_point time);

/// "98.93 %", "R² 0.912"; empty where no epoch is done.
QString bestText(const RunSummary* best);
/// "1 run", "3 runs".
QString runsText(qsizetype count);
/// "2 runs, best 98.93 %".
QString shortFacts(const UnsavedNetwork& network);
/// "2 runs · best accuracy 98.93 % · 12 MiB on disk".
QString facts(const UnsavedNetwork& network);
/// Who writes a run that is locked: "this program", "process 1234".
QString writerText(const RunSummary& run);

/// A text of the user's as the text of an action: it has no mnemonics.
QString actionText(QString text);

} // namespace gradwright
