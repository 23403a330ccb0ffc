// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_check.h"

#include <QString>

#include <cstdint>
#include <functional>
#include <stop_token>

class QWidget;

namespace gradwright {

/// Does the work on a thread of its own. A dialog with the share that is done and Cancel appears
/// when that takes a moment. The work gets what tells the share and what says that it was
/// cancelled; what it throws is thrown here.
void workWithProgress(
    QWidget& window, const QString& title,
    const std::function<void(const std::stop_token&, const std::function<void(double)>&)>& work);

/// What became of a model that was to be written.
struct ModelWritten {
    QString file; ///< empty: cancelled
    OnnxExport model;
    OnnxCheck check;
};

/// Asks how to write the model, makes it with `make`, reads it back to compare its answers,
/// asks for a file and writes it. Failures are shown.
ModelWritten exportModelAs(QWidget& window, const QString& proposal,
                           const std::function<OnnxExport(const OnnxWish&)>& make);
/// What is to be said of passes and rounding of a model that was written; empty for neither.
QString changesText(const ModelWritten& written);

} // namespace gradwright
