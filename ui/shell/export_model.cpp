// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/export_model.h"

#include "engine/exchange/narrow_weights.h"
#include "engine/exchange/onnx_check.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/io/atomic_file.h"
#include "ui/forms/long_work.h"
#include "ui/forms/save_dialog.h"
#include "ui/shell/remove_runs.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

#include <algorithm>
#include <exception>
#include <optional>

namespace gradwright {
namespace {

QString exportText(const char* text) {
    return QCoreApplication::translate("ExportModel", text);
}

QString opsetKey() {
    return QStringLiteral("onnxOpset");
}

QString weightsKey() {
    return QStringLiteral("onnxWeights");
}

QString optimizeKey() {
    return QStringLiteral("onnxOptimize");
}

QComboBox* weightTypes() {
    auto* const types = new QComboBox;
    types->setObjectName(QStringLiteral("weightType"));
    types->setAccessibleName(exportText("Weights"));
    types->addItem(exportText("FP32, as they are"), QStringLiteral("fp32"));
    types->addItem(exportText("FP16, half as large and rounded"), QStringLiteral("fp16"));
    types->addItem(exportText("BF16, half as large and rounded more"), QStringLiteral("bf16"));
    types->setCurrentIndex(
        std::max(types->findData(QSettings().value(weightsKey(), QStringLiteral("fp32"))), 0));
    return types;
}

/// How to write it; nothing when cancelled.
std::optional<OnnxWish> askWish(QWidget& window) {
    QDialog dialog(&window);
    dialog.setObjectName(QStringLiteral("exportOnnx"));
    dialog.setWindowTitle(exportText("Export as ONNX"));
    auto* const opsets = new QComboBox;
    opsets->setObjectName(QStringLiteral("opset"));
    opsets->setAccessibleName(exportText("Operator set"));
    opsets->addItem(exportText("%1, the default").arg(kOnnxOpset), QVariant::fromValue(kOnnxOpset));
    opsets->addItem(exportText("%1, which more programs read").arg(kOldestOnnxOpset),
                    QVariant::fromValue(kOldestOnnxOpset));
    opsets->setCurrentIndex(
        std::max(opsets->findData(
                     QSettings().value(opsetKey(), QVariant::fromValue(kOnnxOpset)).toLongLong()),
                 0));
    auto* const types = weightTypes();
    auto* const optimizes = new QCheckBox(exportText("Optimize for inference"));
    optimizes->setObjectName(QStringLiteral("optimize"));
    optimizes->setToolTip(exportText("Normalizations are folded into the layers beside them, and "
                                     "what does nothing is left out. The answers stay the same."));
    optimizes->setChecked(QSettings().value(optimizeKey(), false).toBool());
    auto* const note = new QLabel(
        exportText("The model is read back and compared with the network on %1 samples before it "
                   "is written.")
            .arg(kCheckedSamples));
    note->setWordWrap(true);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    buttons->button(QDialogButtonBox::Ok)->setText(exportText("Continue"));
    buttons->button(QDialogButtonBox::Ok)->setObjectName(QStringLiteral("continueExport"));
    auto* const form = new QFormLayout;
    form->addRow(exportText("Operator set"), opsets);
    form->addRow(exportText("Weights"), types);
    form->addRow(optimizes);
    auto* const layout = new QVBoxLayout(&dialog);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addLayout(form);
    layout->addWidget(note);
    layout->addWidget(buttons);
    QObject::connect(buttons, &QDialogButtonBox::accepted, &dialog, &QDialog::accept);
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    if (dialog.exec() != QDialog::Accepted)
        return {};
    const auto chosen = opsets->currentData().toLongLong();
    const auto weights = types->currentData().toString();
    QSettings().setValue(opsetKey(), chosen);
    QSettings().setValue(weightsKey(), weights);
    QSettings().setValue(optimizeKey(), optimizes->isChecked());
    return OnnxWish{.opset = chosen,
                    .weights = weightTypeOf(weights.toStdString()),
                    .optimize = optimizes->isChecked()};
}

} // namespace

ModelWritten exportModelAs(QWidget& window, const QString& proposal,
                           const std::function<OnnxExport(const OnnxWish&)>& make) {
    const auto wish = askWish(window);
    if (!wish)
        return {};
    ModelWritten made;
    std::optional<OnnxCheck> check;
    try {
        workWithProgress(
            window, exportText("Reading the model back…"),
            [&](const std::stop_token& stop, const std::function<void(double)>& progress) {
                made.model = make(*wish);
                check = checkOnnx(made.model, stop, progress);
            });
        if (!check)
            return {};
        made.check = *std::move(check);
        const QString ending = QStringLiteral(".onnx");
        const QString file = askSaveFile(&window, exportText("Export as ONNX"), proposal + ending,
                                         {exportText("ONNX models (*%1)").arg(ending)}, {ending});
        if (file.isEmpty())
            return {};
        std::exception_ptr problem;
        waitFor([&] {
            try {
                writeFileAtomically(file.toStdString(), std::string_view(made.model.file));
            } catch (...) {
                problem = std::current_exception();
            }
        });
        if (problem)
            std::rethrow_exception(problem);
        made.file = file;
    } catch (const std::exception& error) {
        QMessageBox::warning(&window, exportText("Gradwright"), QString::fromUtf8(error.what()));
        return {};
    }
    return made;
}

QString changesText(const ModelWritten& written) {
    QString text;
    if (const auto& report = written.model.optimization)
        text += exportText("; %1 of %2 layers are left")
                    .arg(report->after.layers)
                    .arg(report->before.layers);
    if (written.check.rounding)
        text += exportText("; rounding the weights moves answers by up to %1")
                    .arg(*written.check.rounding, 0, 'e', 1);
    return text;
}

} // namespace gradwright
