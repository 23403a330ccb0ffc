// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_import.h"

#include <QDialog>

namespace gradwright {

/// Why a model cannot be opened: each node with its operator and reason. They can be copied.
class RefusedNodesDialog final : public QDialog {
    Q_OBJECT
public:
    RefusedNodesDialog(const QString& file, const std::vector<OnnxProblem>& problems,
                       QWidget* window);
};

} // namespace gradwright
