// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/inference_session.h"

#include <QWidget>

#include <memory>
#include <string>
#include <vector>

class QAction;
class QLabel;
class QMenu;
class QToolButton;

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
    /// Lets the user say which of these classes was to be read; none: nobody is asked. `obstacle`:
    /// why that is not possible now.
    void setChoice(const std::vector<std::string>& classes, const QString& obstacle);
    /// Opens the list of classes.
    [[nodiscard]] QAction& sayAction() { return *say_; }
    [[nodiscard]] QToolButton& sayButton() { return *button_; }
    [[nodiscard]] PredictionPanel& prediction() { return *prediction_; }
    [[nodiscard]] ValuesPanel& values() { return *values_; }

Q_SIGNALS:
    /// It is that class, whatever the network answers.
    void classSaid(const QString& name);

private:
    PredictionPanel* prediction_; ///< where samples have classes
    ValuesPanel* values_;         ///< where they have target values
    QLabel* kind_;
    QLabel* truth_;
    QLabel* latency_;
    QToolButton* button_;
    QMenu* menu_;
    QAction* say_;
    std::vector<std::string> choice_; ///< in the button's menu
};

} // namespace gradwright
