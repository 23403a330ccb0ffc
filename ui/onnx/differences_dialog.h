// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_differences.h"

#include <QDialog>

#include <vector>

class QTableWidget;

namespace gradwright {

/// Two models beside each other, as far as they differ: a row for each difference. Ctrl+C copies
/// the chosen rows, or all of them.
class DifferencesDialog final : public QDialog {
    Q_OBJECT
public:
    /// `first` and `second` are what the columns of the models are called.
    DifferencesDialog(const std::vector<OnnxDifference>& differences, const QString& first,
                      const QString& second, QWidget* parent);

    [[nodiscard]] QTableWidget& table() { return *table_; }

private:
    void copy() const;

    QTableWidget* table_;
};

} // namespace gradwright
