// SPDX-License-Identifier: GPL-3.0-or-later
//
// The devices of this computer: their dialog, and the check that is offered with a new driver.
#include "ui/devices/devices_dialog.h"
#include "ui/shell/device_chip.h"
#include "ui/shell/header_bar.h"
#include "ui/shell/main_window.h"
#include "ui/shell/notice_bar.h"

#include <QSettings>

#include <algorithm>

namespace gradwright {

void MainWindow::connectDevices() {
    connect(&header_->device(), &DeviceChip::devicesWanted, this, &MainWindow::showDevices);
    connect(&session_.gpus(), &GpuFinder::found, this, &MainWindow::offerCheck);
}

void MainWindow::showDevices() {
    if (auto* const open = findChild<DevicesDialog*>()) {
        open->raise();
        open->activateWindow();
        return;
    }
    auto* const dialog = new DevicesDialog(session_.gpus(), document_, *themes_, this);
    dialog->show();
}

/// Once for each version of the driver, the first included.
void MainWindow::offerCheck() {
    const auto& search = session_.gpus().result();
    const auto gpu = std::ranges::find_if(search->found,
                                          [](const GpuInfo& each) { return each.whyNot.empty(); });
    if (gpu == search->found.end())
        return;
    const QString key = QStringLiteral("devices/offeredDriver");
    QSettings settings;
    if (settings.value(key).toInt() == gpu->driverVersion)
        return;
    settings.setValue(key, gpu->driverVersion);
    notice_->offer({tr("The NVIDIA driver (for CUDA %1.%2) is new here. A check compares what the "
                       "GPU computes with the processor.")
                        .arg(gpu->driverVersion / 1000)
                        .arg(gpu->driverVersion % 1000 / 10),
                    tr("Show devices"),
                    tr("Not now"),
                    [this] { showDevices(); },
                    {}});
}

} // namespace gradwright
