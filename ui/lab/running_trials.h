// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/run_experiment.h"

#include <QTableWidget>

#include <vector>

namespace gradwright {

/// The trials of an experiment that run at the same time, each with how far it is.
class RunningTrials : public QTableWidget {
    Q_OBJECT

public:
    explicit RunningTrials(QWidget* parent = nullptr);

    void setTrials(const std::vector<RunningTrial>& trials);
};

} // namespace gradwright
