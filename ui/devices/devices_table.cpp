// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/devices/devices_table.h"

#include "engine/backend/devices.h"
#include "engine/rates/cards.h"
#include "ui/theme/text.h"

#include <QHeaderView>

#include <algorithm>

namespace gradwright {

namespace {

enum DeviceColumn { NameColumn, KindColumn, MemoryColumn, DriverColumn, FirstPeakColumn };
constexpr int kBandwidthColumn = FirstPeakColumn + static_cast<int>(kRateFormats);
constexpr int kLinkColumn = kBandwidthColumn + 1; ///< NVLink; copies to the device below it
constexpr int kDeviceColumns = kLinkColumn + 1;

/// A card's data sheet has what the card can do; of a device not all is known.
QString peakText(const DeviceRow& device, RateFormat format) {
    const Peak& peak = device.peaks[static_cast<std::size_t>(format)];
    return peak.perSecond         ? qstr(operationsText(*peak.perSecond, format))
           : device.key.isEmpty() ? QStringLiteral("—")
                                  : DevicesTable::tr("unknown");
}

Peak publishedPeak(double rate, std::string_view source) {
    if (rate <= 0)
        return {{}, std::string("not in ") + std::string(source)};
    return {rate, std::string(source)};
}

} // namespace

std::optional<Rate> DeviceRow::measuredOf(Rate::Kind kindOfRate, RateFormat format) const {
    const auto found = std::ranges::find_if(measured, [&](const Rate& rate) {
        return rate.kind == kindOfRate &&
               (kindOfRate != Rate::Kind::Product || rate.format == format);
    });
    return found == measured.end() ? std::nullopt : std::optional(*found);
}

DeviceRow processorRow() {
    const auto processor = thisProcessor();
    const auto device = makeOneDnnBackend()->device();
    return {QStringLiteral("cpu"),
            qstr(device.name),
            qstr(device.detail),
            byteSize(static_cast<std::int64_t>(processor.memory)),
            QStringLiteral("—"),
            processorPeaks(processor),
            {{}, "the system does not tell the memory's clock and width"},
            {{}, "a processor has none"},
            {}};
}

DeviceRow gpuRow(const GpuInfo& gpu) {
    return {qstr(gpu.key),
            qstr(gpu.name),
            DevicesTable::tr("compute capability %1.%2").arg(gpu.major).arg(gpu.minor),
            byteSize(static_cast<std::int64_t>(gpu.memory)),
            DevicesTable::tr("CUDA %1.%2")
                .arg(gpu.driverVersion / 1000)
                .arg(gpu.driverVersion % 1000 / 10),
            gpuPeaks(gpu),
            gpuBandwidth(gpu),
            {{}, "the driver is not asked for it"},
            qstr(gpu.whyNot)};
}

std::vector<DeviceRow> cardRows() {
    std::vector<DeviceRow> rows;
    for (const Card& card : knownCards()) {
        DeviceRow row;
        row.name = qstr(card.name);
        row.kind = DevicesTable::tr("data sheet, %1").arg(card.year);
        row.memory = byteSize(static_cast<std::int64_t>(card.memory));
        row.driver = QStringLiteral("—");
        for (std::size_t i = 0; i < kRateFormats; ++i)
            row.peaks[i] = publishedPeak(card.peaks[i], card.source);
        if (card.f64Tensor > 0)
            row.peaks[0].formula +=
                fmt::format("; on tensor cores {}", operationsText(card.f64Tensor));
        row.bandwidth = publishedPeak(card.bandwidth, card.source);
        row.nvlink = publishedPeak(card.nvlink, card.source);
        rows.push_back(std::move(row));
    }
    return rows;
}

DevicesTable::DevicesTable(QWidget* parent)
    : QTableWidget(0, kDeviceColumns, parent) {
    QStringList titles{tr("Device"), tr("Kind"), tr("Memory"), tr("Driver")};
    for (const auto format : kAllRateFormats)
        titles << qstr(nameOf(format));
    titles << tr("Memory rate") << tr("NVLink / copies");
    setHorizontalHeaderLabels(titles);
    setAccessibleName(tr("Devices with their peaks and what was measured"));
    setEditTriggers(NoEditTriggers);
    setSelectionBehavior(SelectRows);
    setShowGrid(false);
    setTabKeyNavigation(false); // Tab leaves it
    setWordWrap(false);
    verticalHeader()->hide();
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    // Its tooltip has the whole.
    constexpr int kKindWidth = 150;
    horizontalHeader()->setSectionResizeMode(KindColumn, QHeaderView::Interactive);
    setColumnWidth(KindColumn, kKindWidth);
}

int DevicesTable::columnOf(RateFormat format) {
    return FirstPeakColumn + static_cast<int>(format);
}

void DevicesTable::setDevices(const std::vector<DeviceRow>& devices) {
    setRowCount(0);
    const auto put = [this](int column, const QString& text, const QString& tip) {
        auto* const item = new QTableWidgetItem(text);
        item->setToolTip(tip);
        setItem(rowCount() - 1, column, item);
    };
    const auto putRate = [&](int column, const std::optional<Rate>& rate) {
        if (rate)
            put(column, qstr(textOf(*rate)), qstr(rate->how));
    };
    for (const DeviceRow& device : devices) {
        insertRow(rowCount());
        put(NameColumn, device.name, device.whyNot.isEmpty() ? device.name : device.whyNot);
        put(KindColumn, device.kind, device.kind);
        put(MemoryColumn, device.memory, {});
        put(DriverColumn, device.driver, {});
        for (const auto format : kAllRateFormats) {
            const Peak& peak = device.peaks[static_cast<std::size_t>(format)];
            put(columnOf(format), peakText(device, format), qstr(peak.formula));
        }
        const auto bytes = [&](const Peak& peak) {
            return peak.perSecond ? qstr(bytesPerSecondText(*peak.perSecond)) : tr("unknown");
        };
        put(kBandwidthColumn, bytes(device.bandwidth), qstr(device.bandwidth.formula));
        put(kLinkColumn, device.nvlink.perSecond ? bytes(device.nvlink) : QStringLiteral("—"),
            qstr(device.nvlink.formula));
        if (device.measured.empty())
            continue;
        insertRow(rowCount());
        put(NameColumn, tr("    measured"), device.name);
        for (const auto format : kAllRateFormats)
            putRate(columnOf(format), device.measuredOf(Rate::Kind::Product, format));
        putRate(kBandwidthColumn, device.measuredOf(Rate::Kind::Memory));
        const auto in = device.measuredOf(Rate::Kind::ToDevice);
        const auto out = device.measuredOf(Rate::Kind::FromDevice);
        if (in && out)
            put(kLinkColumn, tr("%1 in, %2 out").arg(qstr(textOf(*in)), qstr(textOf(*out))),
                qstr(in->how));
    }
}

} // namespace gradwright

#include "moc_devices_table.cpp"
