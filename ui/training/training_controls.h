// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/quality.h"
#include "ui/session/training_session.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace gradwright {

class EpochProgress;
class ThemeManager;

/// The bar above a training: what can be done with it and how far it is.
class TrainingControls : public QFrame {
    Q_OBJECT

public:
    explicit TrainingControls(ThemeManager& theme, QWidget* parent = nullptr);

    void setState(TrainingState state, bool resumable);
    /// Whether what trains can be paused, from the next setState() on.
    void setPausable(bool pausable) { pausable_ = pausable; }
    /// `state` is that of the run whose progress it is.
    void setProgress(double epoch, std::int64_t epochs, std::int64_t step, std::int64_t steps,
                     TrainingState state);
    /// Of the last step; 0: there was none.
    void setLearningRate(double rate);
    void setTimes(double secondsLeft, double samplesPerSecond, double elapsed);
    /// The share of the time that the processor has no data to compute with.
    void setDataWait(double share);
    /// What the results to come are of.
    void setMetric(const MetricDef& metric);
    void setBest(const Quality& quality, std::int64_t epoch, bool validated);
    void setTest(const Quality& quality);
    /// Epochs without a better result that ended it before its last epoch; 0: it was not ended so.
    void setStoppedEarly(std::int64_t epochs);
    void clearResults();

protected:
    void resizeEvent(QResizeEvent* event) override;

Q_SIGNALS:
    void startRequested();
    void pauseRequested();
    void continueRequested(); ///< of a paused training or a stopped run
    void stepRequested();
    void stopRequested();

private:
    struct Figure {
        QWidget* box;
        QLabel* caption;
        QLabel* value;
        QLabel* note;
    };
    void setCompact(bool compact);
    void setLabel(QPushButton* button, const QString& text);
    QPushButton* button(const QString& text, const QString& name);
    [[nodiscard]] QString bestCaption() const;
    [[nodiscard]] QString testCaption() const;
    /// `place` is what the glossary explains; empty: nothing.
    Figure figure(const QString& caption, const QString& widest, std::string_view place = {});

    ThemeManager* theme_;
    TrainingState state_ = TrainingState::Idle;
    const MetricDef* metric_ = &qualityMetric(MetricKind::Classes);
    bool validated_ = true; ///< the best epoch was chosen by validation
    std::int64_t stoppedAfter_ = 0;
    bool pausable_ = true;
    bool compact_ = false; ///< little room: icons without words
    QPushButton* start_;
    QPushButton* pause_;
    QPushButton* step_;
    QPushButton* stop_;
    QLabel* title_;
    QLabel* steps_;
    EpochProgress* bar_;
    Figure left_, speed_, elapsed_, rate_, best_, test_;
};

} // namespace gradwright
