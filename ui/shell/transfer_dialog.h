// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/transfer.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace gradwright {

/// How a trained network becomes the start of another one: for which data, and which of its layers
/// stay as they are.
class TransferDialog final : public QDialog {
    Q_OBJECT
public:
    /// Throws Error where the network cannot be the start for other data.
    TransferDialog(const TransferSource& source, QWidget* window);

    [[nodiscard]] TransferOptions options() const;

private:
    QWidget* makeData();
    void fillLayers(const Network& network, NodeId head);
    void showChoice();

    QLineEdit* data_;
    QComboBox* freeze_;
    QCheckBox* statistics_;
    QDoubleSpinBox* bodyRate_;
    QLabel* note_;
};

} // namespace gradwright
