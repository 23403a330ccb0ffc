// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

// QCustomPlot's header needs Qt's keywords, which the engine's names forbid everywhere else.
#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit Q_EMIT
#define foreach Q_FOREACH
#include <qcustomplot.h>
#undef signals
#undef slots
#undef emit
#undef foreach
