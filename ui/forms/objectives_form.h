// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/settings.h"

#include <QWidget>

#include <string>
#include <vector>

class QCheckBox;
class QVBoxLayout;

namespace gradwright {

class ParamForm;
class RecipeForm;
class ThemeManager;

/// What each Output of the network is trained for: the loss alone for a network with one Output;
/// otherwise, for each, whether it is trained at all, its loss, and the weight of that in the sum.
class ObjectivesForm : public QWidget {
    Q_OBJECT

public:
    explicit ObjectivesForm(ThemeManager& theme, QWidget* parent = nullptr);

    /// `outputs` are the names of the network's Output nodes.
    void setObjectives(const std::vector<Objective>& objectives,
                       const std::vector<std::string>& outputs);
    void setLocked(bool locked);
    /// Losses that need a class are offered only where the data have classes, unless one is chosen.
    void setClassTargets(bool hasClasses);

Q_SIGNALS:
    void edited(const std::vector<gradwright::Objective>& objectives);
    /// Has other fields now.
    void rebuilt();

private:
    /// The fields of one Output.
    struct Row {
        Objective objective;
        QCheckBox* trained = nullptr;          ///< none for the only Output
        std::vector<std::string> offered = {}; ///< keys of losses
        RecipeForm* loss = nullptr;
        ParamForm* weight = nullptr; ///< none for the only Output
    };

    void rebuild();
    void addRow(Row& row);
    void offerLosses(Row& row);
    void show(Row& row, const Objective& objective, bool trained);
    [[nodiscard]] const Row* firstTrained() const;
    void publish();
    void updateChecks();
    [[nodiscard]] bool isTrained(const Row& row) const;

    ThemeManager* theme_;
    std::vector<std::string> outputs_;
    std::vector<std::string> order_; ///< of objectives: by the first a network is judged and used
    std::vector<Row> rows_;
    QWidget* body_ = nullptr;
    QVBoxLayout* layout_;
    bool locked_ = false;
    bool classTargets_ = true;
};

} // namespace gradwright
