// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/quantization/quantization_form.h"

#include "engine/passes/quantization/fake_quantization.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QSpinBox>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kSettingsWidth = 370;

} // namespace

QuantizationForm::QuantizationForm()
    : form_(new QFormLayout(this))
    , runs_(new QComboBox)
    , format_(new QComboBox)
    , group_(new QSpinBox)
    , method_(new QComboBox)
    , methodText_(new QLabel)
    , samples_(new QSpinBox)
    , signed_(new QCheckBox(tr("No zero points (TensorRT)")))
    , equalizes_(new QCheckBox(tr("Equalize channels between layers")))
    , corrects_(new QCheckBox(tr("Correct biases")))
    , chooses_(new QCheckBox(tr("Keep layers in FP32 by error")))
    , mostLoss_(new QDoubleSpinBox) {
    setFixedWidth(kSettingsWidth);
    form_->setContentsMargins(0, 0, 0, 0);
    runs_->setAccessibleName(tr("Run"));
    runs_->setObjectName(QStringLiteral("quantizedRun"));
    format_->addItem(tr("INT8, weights and values"));
    format_->addItem(tr("INT4, weights of dense layers"));
    format_->setAccessibleName(tr("Format"));
    format_->setToolTip(tr("INT4 makes the file smallest where dense layers hold most weights: two "
                           "in a byte, computed by unpacking; values stay in FP32."));
    group_->setRange(1, 1'000'000);
    group_->setValue(static_cast<int>(kPackedGroup));
    group_->setAccessibleName(tr("Features to a scale"));
    group_->setToolTip(tr("Weights of a unit that share a scale: fewer are more exact, and take "
                          "more scales."));
    for (const RangeMethodInfo& info : rangeMethods())
        method_->addItem(qstr(info.title), qstr(info.key));
    method_->setAccessibleName(tr("Ranges"));
    for (auto* const box : {runs_, format_, method_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(18);
    }
    methodText_->setWordWrap(true);
    methodText_->setProperty("textRole", QStringLiteral("caption"));
    const auto explainMethod = [this] {
        const QString text = qstr(
            rangeMethods()[static_cast<std::size_t>(std::max(0, method_->currentIndex()))].text);
        methodText_->setText(text);
        method_->setToolTip(text);
    };
    connect(method_, &QComboBox::currentIndexChanged, this, explainMethod);
    explainMethod();
    samples_->setRange(1, 10'000'000);
    samples_->setValue(1000);
    samples_->setGroupSeparatorShown(true);
    samples_->setAccessibleName(tr("Calibration samples"));
    samples_->setToolTip(tr("Samples of the training part that the ranges of values are taken "
                            "from; none of the test set."));
    signed_->setToolTip(tr("Values without zero points: negative ones as signed bytes, as TensorRT "
                           "wants them."));
    equalizes_->setToolTip(tr("Makes the kernels of a channel equally large in the two layers that "
                              "it lies between, before ranges are found. The network in FP32 "
                              "answers the same; small channels keep more steps."));
    corrects_->setToolTip(
        tr("Takes what rounding the kernels adds to the mean of a layer's results "
           "from its bias, by the means over the calibration samples."));
    chooses_->setChecked(true);
    chooses_->setToolTip(tr("Layers stay in FP32, those of the largest errors first, until the "
                            "calibration samples lose no more than this."));
    mostLoss_->setRange(0, 100);
    mostLoss_->setDecimals(2);
    mostLoss_->setSingleStep(0.1);
    mostLoss_->setValue(0.2);
    mostLoss_->setSuffix(tr(" points"));
    mostLoss_->setAccessibleName(tr("Points that may be lost"));
    connect(chooses_, &QCheckBox::toggled, mostLoss_, &QWidget::setEnabled);
    form_->addRow(tr("Run"), runs_);
    form_->addRow(tr("Format"), format_);
    form_->addRow(tr("Features to a scale"), group_);
    form_->addRow(tr("Ranges"), method_);
    form_->addRow(methodText_);
    form_->addRow(tr("Calibration samples"), samples_);
    form_->addRow(signed_);
    form_->addRow(equalizes_);
    form_->addRow(corrects_);
    form_->addRow(chooses_);
    form_->addRow(tr("Largest loss"), mostLoss_);
    connect(format_, &QComboBox::currentIndexChanged, this, &QuantizationForm::showFormat);
    showFormat();
}

bool QuantizationForm::packs() const {
    return format_->currentIndex() == kPackedFormat;
}

/// Only what the format has a use for can be set.
void QuantizationForm::showFormat() {
    setRowShown(group_, packs());
    for (QWidget* const each :
         std::initializer_list<QWidget*>{method_, methodText_, signed_, equalizes_, corrects_})
        setRowShown(each, !packs());
}

void QuantizationForm::setRowShown(QWidget* field, bool shown) {
    if (auto* const label = form_->labelForField(field))
        label->setVisible(shown);
    field->setVisible(shown);
}

QuantizationSettings QuantizationForm::settings() const {
    QuantizationSettings made;
    if (packs()) {
        made.packedGroup = group_->value();
    } else {
        made.method = rangeMethodFromKey(method_->currentData().toString().toStdString());
        made.kind = signed_->isChecked() ? ByteKind::Signed : ByteKind::Unsigned;
        made.equalizes = equalizes_->isChecked();
        made.correctsBiases = corrects_->isChecked();
    }
    if (chooses_->isChecked())
        made.mostLoss = mostLoss_->value() / 100;
    return made;
}

void QuantizationForm::setRunning(bool running) {
    for (QWidget* const each : std::initializer_list<QWidget*>{
             runs_, format_, group_, method_, samples_, signed_, equalizes_, corrects_, chooses_})
        each->setEnabled(!running);
    mostLoss_->setEnabled(!running && chooses_->isChecked());
}

} // namespace gradwright

#include "moc_quantization_form.cpp"
