// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/evaluation_job.h"

#include <QWidget>

#include <cstdint>
#include <memory>
#include <optional>

class QLabel;
class QProgressBar;
class QPushButton;

namespace gradwright {

class ConfusionView;
class MistakesView;
class ScatterView;
class ThemeManager;

/// What a model makes of the test set: confusion matrix and most confident mistakes, read in the
/// background.
class EvaluationPanel : public QWidget {
    Q_OBJECT

public:
    explicit EvaluationPanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// Another model: what was measured of the one before goes.
    void setModel(std::shared_ptr<const TrainedModel> model);
    /// The data that a network would be tested on, while there is none.
    void setData(const DataInfo& info);
    /// Newer weights of the same run: what was measured stays to be seen.
    void setNewerModel(std::shared_ptr<const TrainedModel> model);
    void start();
    [[nodiscard]] bool isRunning() const { return job_->isRunning(); }
    /// Null until there is one.
    [[nodiscard]] const std::shared_ptr<const TestReport>& report() const { return report_; }
    [[nodiscard]] ConfusionView& confusion() { return *confusion_; }
    [[nodiscard]] MistakesView& mistakes() { return *mistakes_; }
    [[nodiscard]] ScatterView& scatter() { return *scatter_; }

Q_SIGNALS:
    void sampleChosen(std::int64_t sample);
    /// There is a report, or the one that was there has gone.
    void reportChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void layOut();
    void fitMetrics();
    /// In the place of the matrix.
    void showInstead(const QString& text);
    /// Of the model, or of the data while there is none; null while neither is known.
    [[nodiscard]] const DataInfo* info() const;
    void setReport(std::shared_ptr<const TestReport> report);
    void showReport(std::shared_ptr<const TestReport> report);
    void showMetrics();
    void showMistakes();
    void showScatter();
    [[nodiscard]] bool showsImages() const;
    void showRunning(bool running);

    std::shared_ptr<const TrainedModel> model_;
    std::optional<DataInfo> data_;
    std::shared_ptr<const TestReport> report_;
    QWidget* mistakesCard_ = nullptr;
    QLabel* title_ = nullptr;
    QLabel* detail_;
    QLabel* quality_;
    QLabel* metrics_;
    QLabel* chosen_;
    QLabel* mistakesDetail_;
    QLabel* empty_;
    QWidget* filler_;      ///< in the place of the matrix where there is none
    ScatterView* scatter_; ///< likewise, for the rows of tables
    QProgressBar* progress_;
    QPushButton* button_;
    ConfusionView* confusion_;
    MistakesView* mistakes_;
    EvaluationJob* job_;
};

} // namespace gradwright
