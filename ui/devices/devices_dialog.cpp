// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/devices/devices_dialog.h"

#include "engine/rates/measure.h"
#include "engine/worker/gpu_work.h"
#include "ui/devices/network_panel.h"
#include "ui/devices/rate_bars.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr QSize kDevicesSize{1080, 720};

} // namespace

DevicesDialog::DevicesDialog(GpuFinder& gpus, ProjectDocument& document, const ThemeManager& themes,
                             QWidget* window)
    : QDialog(window)
    , gpus_(&gpus)
    , state_(new QLabel)
    , table_(new DevicesTable)
    , operations_(new RateBars(themes,
                               [](double rate) {
                                   return qstr(operationsText(rate, RateFormat::I8));
                               })) // OP/s, as INT8 is among them
    , bytes_(new RateBars(themes, [](double rate) { return qstr(bytesPerSecondText(rate)); }))
    , measure_(new QPushButton(tr("Measure")))
    , check_(new QPushButton(tr("Check")))
    , checked_(new QComboBox)
    , progress_(new QProgressBar)
    , failures_(new QListWidget) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Devices"));
    resize(kDevicesSize.boundedTo(window ? window->size() - QSize(60, 60) : kDevicesSize));
    state_->setWordWrap(true);
    state_->setObjectName(QStringLiteral("state"));
    measure_->setToolTip(tr("Matrix products in each precision that the engines have, memory, and "
                            "copies to and from GPUs. Takes seconds; other work makes it slower."));
    check_->setToolTip(tr("Computes every op on the device and compares results, gradients and "
                          "updates with the reference in FP64. Takes less than two minutes."));
    checked_->setAccessibleName(tr("Device to check"));
    operations_->setAccessibleName(tr("Operations per second"));
    bytes_->setAccessibleName(tr("Bytes per second"));
    progress_->setAccessibleName(tr("Progress of the check"));
    progress_->hide();
    failures_->setAccessibleName(tr("Cases that failed"));
    failures_->hide();

    auto* const pictures = new QWidget;
    auto* const column = new QVBoxLayout(pictures);
    column->addWidget(new QLabel(tr("Operations per second: peak framed, measured filled")));
    column->addWidget(operations_);
    column->addWidget(new QLabel(tr("Bytes of memory per second")));
    column->addWidget(bytes_);
    column->addStretch();
    auto* const scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setAccessibleName(tr("Measured rates"));
    scroll->setWidget(pictures);
    scroll->viewport()->setAutoFillBackground(false);
    pictures->setAutoFillBackground(false);

    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* const row = new QHBoxLayout;
    row->addWidget(measure_);
    row->addWidget(checked_);
    row->addWidget(check_);
    row->addWidget(progress_, 1);
    row->addStretch();
    auto* const computer = new QWidget;
    auto* const inside = new QVBoxLayout(computer);
    inside->addWidget(table_, 2);
    inside->addWidget(scroll, 3);
    inside->addWidget(failures_, 1);
    inside->addWidget(state_);
    inside->addLayout(row);
    auto* const tabs = new QTabWidget;
    tabs->setAccessibleName(tr("Devices"));
    tabs->addTab(computer, tr("This computer"));
    tabs->addTab(new NetworkPanel(document, themes), tr("This network"));
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(tabs);
    layout->addWidget(buttons);

    connect(measure_, &QPushButton::clicked, this, &DevicesDialog::measure);
    connect(check_, &QPushButton::clicked, this, &DevicesDialog::check);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(gpus_, &GpuFinder::found, this, &DevicesDialog::listDevices);
    gpus_->find();
    listDevices();
}

void DevicesDialog::listDevices() {
    devices_ = {processorRow()};
    const auto& search = gpus_->result();
    if (search)
        for (const GpuInfo& gpu : search->found)
            devices_.push_back(gpuRow(gpu));
    state_->setText(!search                 ? tr("Looking for GPUs…")
                    : search->found.empty() ? tr("No GPU: %1").arg(qstr(search->why))
                                            : QString());
    checked_->clear();
    for (const DeviceRow& device : usable())
        checked_->addItem(device.name, device.key);
    refresh();
}

std::vector<DeviceRow> DevicesDialog::usable() const {
    std::vector<DeviceRow> rows;
    std::ranges::copy_if(devices_, std::back_inserter(rows),
                         [](const DeviceRow& device) { return device.whyNot.isEmpty(); });
    return rows;
}

void DevicesDialog::refresh() {
    auto all = devices_;
    for (DeviceRow& card : cardRows())
        all.push_back(std::move(card));
    table_->setDevices(all);
    std::vector<RateBar> operations;
    std::vector<RateBar> bytes;
    for (const DeviceRow& device : all) {
        const bool isCard = device.key.isEmpty();
        for (const auto format : kAllRateFormats) {
            const auto measured = device.measuredOf(Rate::Kind::Product, format);
            operations.push_back(
                {device.name, qstr(nameOf(format)),
                 device.peaks[static_cast<std::size_t>(format)].perSecond.value_or(0),
                 measured ? measured->perSecond : 0, isCard});
        }
        const auto measured = device.measuredOf(Rate::Kind::Memory);
        bytes.push_back({device.name, QString(), device.bandwidth.perSecond.value_or(0),
                         measured ? measured->perSecond : 0, isCard});
    }
    operations_->setBars(std::move(operations));
    bytes_->setBars(std::move(bytes));
}

void DevicesDialog::begin(const QString& what) {
    state_->setText(what);
    measure_->setEnabled(false);
    check_->setEnabled(false);
    progress_->setRange(0, 0);
    progress_->show();
}

void DevicesDialog::finish(const QString& what) {
    state_->setText(what);
    measure_->setEnabled(true);
    check_->setEnabled(true);
    progress_->hide();
}

void DevicesDialog::measure() {
    begin(tr("Measuring…"));
    std::vector<std::string> keys;
    for (DeviceRow& device : devices_) {
        device.measured.clear();
        if (device.whyNot.isEmpty())
            keys.push_back(device.key.toStdString());
    }
    const int job = jobs_.next();
    jobs_.start([this, job, keys, program = program_](const std::stop_token& stop) {
        QStringList wrong;
        for (const std::string& key : keys) {
            const auto sink = [&](const Rate& rate) {
                jobs_.deliver(job, [this, device = qstr(key), rate] { addRate(device, rate); });
            };
            try {
                if (key == "cpu")
                    measureProcessor(sink, stop);
                else
                    measureGpu({.device = key, .program = program, .stop = stop}, sink);
            } catch (const std::exception& error) {
                wrong << QString::fromUtf8(error.what());
            }
        }
        return [this, wrong] { finish(wrong.isEmpty() ? tr("Measured.") : wrong.join(u'\n')); };
    });
}

void DevicesDialog::addRate(const QString& device, const Rate& rate) {
    const auto found = std::ranges::find(devices_, device, &DeviceRow::key);
    if (found == devices_.end())
        return;
    found->measured.push_back(rate);
    refresh();
}

void DevicesDialog::check() {
    const auto device = checked_->currentData().toString().toStdString();
    begin(tr("Checking %1…").arg(checked_->currentText()));
    failures_->clear();
    failures_->hide();
    failed_ = 0;
    passed_ = 0;
    const int job = jobs_.next();
    jobs_.start([this, job, device, program = program_](const std::stop_token& stop) {
        QString wrong;
        try {
            checkDevice({.device = device, .program = program, .stop = stop},
                        [&](const CheckedCase& checked) {
                            jobs_.deliver(job, [this, checked] { addCase(checked); });
                            return !stop.stop_requested();
                        });
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, wrong] {
            finish(!wrong.isEmpty() ? wrong
                   : failed_ == 0   ? tr("All %1 cases agree with the FP64 reference.").arg(passed_)
                                    : tr("%1 the FP64 reference, %2.")
                                        .arg(countedText(failed_, tr("1 case differs from"),
                                                         tr("%1 cases differ from")),
                                             countedText(passed_, tr("1 agrees"), tr("%1 agree"))));
        };
    });
}

void DevicesDialog::addCase(const CheckedCase& checked) {
    progress_->setRange(0, static_cast<int>(checked.count));
    progress_->setValue(static_cast<int>(checked.number));
    if (checked.outcome == CheckedCase::Outcome::Passed)
        ++passed_;
    if (checked.outcome != CheckedCase::Outcome::Failed)
        return;
    ++failed_;
    failures_->addItem(tr("%1: %2, difference %3")
                           .arg(qstr(checked.name), qstr(checked.detail))
                           .arg(checked.difference, 0, 'e', 1));
    failures_->show();
}

} // namespace gradwright

#include "moc_devices_dialog.cpp"
