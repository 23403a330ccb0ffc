// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/session/run_history.h"

#include <QDialog>

class QTreeWidget;

namespace gradwright {

/// Two runs side by side: what came out, and in what their networks, settings and data differ.
class RunComparison final : public QDialog {
    Q_OBJECT
public:
    struct Side {
        RunHistory run;
        Project project; ///< as it was when the run started
    };

    RunComparison(const Side& first, const Side& second, QWidget* parent = nullptr);

    [[nodiscard]] const QTreeWidget& table() const { return *table_; }
    /// The table as text, with tabs between columns.
    [[nodiscard]] QString text() const;

private:
    void addResults(const RunHistory& first, const RunHistory& second);
    void addDifferences(const Project& first, const Project& second);

    QTreeWidget* table_;
};

} // namespace gradwright
