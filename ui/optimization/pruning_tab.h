// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/model/model_file.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QTimer>
#include <QWidget>

#include <memory>
#include <string>

class QCheckBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSlider;

namespace gradwright {

/// How much of a trained network can go, and what accuracy that costs: a share of its weights or of
/// its units, and the units that are constant over training samples. Measured in the background
/// over test samples, again with each change. The run stays as it is.
class PruningTab final : public QWidget {
    Q_OBJECT
public:
    explicit PruningTab(ProjectDocument& document, QWidget* parent = nullptr);

    /// The network has become another one.
    void forget();
    /// What is chosen; none where nothing is to go.
    [[nodiscard]] Reduction reduction() const;

    [[nodiscard]] QSlider& share() { return *share_; }
    [[nodiscard]] QCheckBox& wholeUnits() { return *wholeUnits_; }
    [[nodiscard]] QCheckBox& constantUnits() { return *constantUnits_; }
    [[nodiscard]] QLabel& result() { return *result_; }
    [[nodiscard]] QPushButton& stopButton() { return *stop_; }

private:
    /// A network as it is, for comparing with.
    struct Whole {
        std::string run;
        NetworkSize size;
        Score score;
    };
    void showShare();
    void measure();
    void stop(const QString& said);

    ProjectDocument* document_;
    QSlider* share_;
    QLabel* percent_;
    QCheckBox* wholeUnits_;
    QCheckBox* constantUnits_;
    QLabel* result_;
    QProgressBar* progress_;
    QPushButton* stop_;
    QTimer pause_; ///< until the slider rests
    std::shared_ptr<const Whole> whole_;
    int job_ = 0;         ///< that measures, or 0
    BackgroundJobs jobs_; ///< ends before what it writes to
};

} // namespace gradwright
