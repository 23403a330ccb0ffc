// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/inference_session.h"

#include <QWidget>

#include <memory>

class QLabel;

namespace gradwright {

class PredictionPanel;
class ThemeManager;
class ValuesPanel;
struct DataInfo;
struct TrainedModel;

/// What the network answers: a class with its probability, or values.
class AnswerCard final : public QWidget {
    Q_OBJECT

public:
    explicit AnswerCard(ThemeManager& theme, QWidget* parent = nullptr);

    /// Of another network than before.
    void setModel(const TrainedModel& model);
    /// The kind of answer that networks give to such data; there is none yet.
    void setData(const DataInfo& info);
    void setAnswer(const InferenceAnswer& answer);
    void clear();
    /// Said while there is no answer.
    void setHint(const QString& hint);
    /// What would be right; empty where that is not known.
    void setTruth(const QString& truth);
    [[nodiscard]] PredictionPanel& prediction() { return *prediction_; }
    [[nodiscard]] ValuesPanel& values() { return *values_; }

private:
    PredictionPanel* prediction_; ///< where samples have classes
    ValuesPanel* values_;         ///< where they have target values
    QLabel* kind_;
    QLabel* truth_;
    QLabel* latency_;
};

} // namespace gradwright
