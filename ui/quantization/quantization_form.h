// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/quantization/quantize_trained.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QSpinBox;

namespace gradwright {

/// Which run is quantized, to which format, and how: fields that the format has no use for are
/// hidden.
class QuantizationForm final : public QWidget {
    Q_OBJECT
public:
    QuantizationForm();

    /// In the order of format().
    enum Format { kIntegersFormat, kPackedFormat };

    [[nodiscard]] QComboBox& runs() { return *runs_; }
    [[nodiscard]] QComboBox& format() { return *format_; }
    [[nodiscard]] QSpinBox& group() { return *group_; }
    [[nodiscard]] QComboBox& method() { return *method_; }
    [[nodiscard]] QSpinBox& samples() { return *samples_; }
    [[nodiscard]] QCheckBox& equalizes() { return *equalizes_; }
    [[nodiscard]] QCheckBox& corrects() { return *corrects_; }
    [[nodiscard]] QCheckBox& chooses() { return *chooses_; }
    [[nodiscard]] QDoubleSpinBox& mostLoss() { return *mostLoss_; }

    [[nodiscard]] QuantizationSettings settings() const;
    /// Nothing can be set while a run is quantized.
    void setRunning(bool running);

private:
    [[nodiscard]] bool packs() const;
    void showFormat();
    void setRowShown(QWidget* field, bool shown);

    QFormLayout* form_;
    QComboBox* runs_;
    QComboBox* format_;
    QSpinBox* group_;
    QComboBox* method_;
    QLabel* methodText_;
    QSpinBox* samples_;
    QCheckBox* signed_;
    QCheckBox* equalizes_;
    QCheckBox* corrects_;
    QCheckBox* chooses_;
    QDoubleSpinBox* mostLoss_;
};

} // namespace gradwright
