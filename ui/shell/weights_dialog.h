// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/weights/input_conventions.h"
#include "engine/exchange/weights/weight_plan.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace gradwright {

/// Which tensor of a file becomes which weight: a row for each weight, whose tensor can be chosen
/// from those that fit, a list of the tensors that none gets, and how images are prepared.
class WeightsDialog final : public QDialog {
    Q_OBJECT
public:
    WeightsDialog(const QString& file, WeightPlan plan, const InputHint& hint, QWidget* window);

    [[nodiscard]] const WeightPlan& plan() const { return plan_; }
    [[nodiscard]] std::optional<ChannelScaling> scaling() const;
    [[nodiscard]] ColourOrder colours() const;

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QTreeWidget* makeWeights();
    QTreeWidget* makeUnused();
    QWidget* makeInputs(const InputHint& hint);
    void fill();
    void fillRow(QTreeWidgetItem& item, const WeightRow& row);
    void choose(std::size_t row, int tensor);
    void filter();

    WeightPlan plan_;
    std::optional<ChannelScaling> hinted_;
    QTreeWidget* weights_;
    QTreeWidget* unused_;
    QLabel* summary_;
    QLabel* unusedTitle_;
    QCheckBox* doubtful_;
    QComboBox* convention_ = nullptr;
    QComboBox* colours_ = nullptr;
    QPushButton* load_ = nullptr;
};

} // namespace gradwright
