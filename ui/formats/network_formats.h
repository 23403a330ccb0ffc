// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/format_trials.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace gradwright {

/// The trained network of the project in every number format side by side: accuracy, errors against
/// FP64, of the whole and of each layer, size and time. What no engine here computes in is
/// simulated by rounding, exactly, and says so.
class NetworkFormats final : public QWidget {
    Q_OBJECT
public:
    explicit NetworkFormats(ProjectDocument& document, QWidget* parent = nullptr);

    /// The rows above those of the layers.
    enum Row { kQualityRow, kLargestRow, kMeanRow, kSizeRow, kTimeRow, kHowRow, kLayerRows };

    [[nodiscard]] QTableWidget& table() { return *table_; }
    [[nodiscard]] QSpinBox& samples() { return *samples_; }
    [[nodiscard]] QComboBox& errors() { return *errors_; }
    [[nodiscard]] QPushButton& startButton() { return *start_; }
    [[nodiscard]] QLabel& said() { return *said_; }
    [[nodiscard]] const std::vector<FormatTrial>& trials() const { return trials_; }
    [[nodiscard]] bool isRunning() const { return job_ != 0; }

private:
    void startOrStop();
    void setRunning(bool running);
    void showTrials();
    void showLayers();
    void clear();

    ProjectDocument* document_;
    QSpinBox* samples_;
    QComboBox* errors_;
    QPushButton* start_;
    QProgressBar* progress_;
    QLabel* said_;
    QTableWidget* table_;
    Network network_; ///< whose trials are shown
    std::vector<FormatTrial> trials_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< ends before what it writes to
};

} // namespace gradwright
