// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/peaks.h"

#include <QString>
#include <QTableWidget>

#include <optional>
#include <vector>

namespace gradwright {

/// A device of this computer, or a card for comparison.
struct DeviceRow {
    QString key; ///< "cpu", "cuda:0"; empty: a card
    QString name;
    QString kind;   ///< instruction set or compute capability
    QString memory; ///< its size
    QString driver;
    Peaks peaks;
    Peak bandwidth;
    Peak nvlink;
    QString whyNot; ///< what keeps it from computing
    std::vector<Rate> measured = {};

    [[nodiscard]] std::optional<Rate> measuredOf(Rate::Kind kind,
                                                 RateFormat format = RateFormat::F32) const;
};

/// The processor, with what its engine makes use of.
DeviceRow processorRow();
DeviceRow gpuRow(const GpuInfo& gpu);
/// P100 to H100, from their data sheets.
std::vector<DeviceRow> cardRows();

/// Each device with its peaks, and below them what was measured; a tooltip says how each figure
/// came about.
class DevicesTable final : public QTableWidget {
    Q_OBJECT
public:
    explicit DevicesTable(QWidget* parent = nullptr);

    void setDevices(const std::vector<DeviceRow>& devices);
    /// The cell's column of a format's peaks.
    [[nodiscard]] static int columnOf(RateFormat format);
};

} // namespace gradwright
