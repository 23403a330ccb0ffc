// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_check.h"

#include <QString>

#include <cstdint>
#include <functional>

class QWidget;

namespace gradwright {

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
