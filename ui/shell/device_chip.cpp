// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/device_chip.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"

#include <QMenu>

#include <algorithm>
#include <set>
#include <utility>

namespace gradwright {

namespace {

QString threadsText(int threads) {
    return threads == 1 ? DeviceChip::tr("1 thread") : DeviceChip::tr("%1 threads").arg(threads);
}

/// In which a GPU trains: "FP32, FP16".
QString precisionsText(const GpuInfo& gpu) {
    QStringList names;
    for (const auto precision : precisionsOf(gpu))
        names << qstr(nameOf(precision)).toUpper();
    return names.join(QStringLiteral(", "));
}

/// 1, 2, 4 … and all.
std::set<int> threadChoices() {
    std::set<int> choices{availableThreads()};
    for (int threads = 1; threads < availableThreads(); threads *= 2)
        choices.insert(threads);
    return choices;
}

} // namespace

DeviceChip::DeviceChip(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QToolButton(parent)
    , document_(&document) {
    setObjectName(QStringLiteral("device"));
    setProperty("kind", QStringLiteral("chip"));
    setIcon(themes.icon(QStringLiteral("chip")));
    setIconSize(iconBesideText(18));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::TabFocus);
    auto* const menu = new QMenu(this);
    menu->setToolTipsVisible(true);
    setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, &DeviceChip::fillMenu);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & (ProjectDocument::TrainingChange | ProjectDocument::ReplacedChange))
            refresh();
    });
    refresh();
}

void DeviceChip::setGpus(GpuFinder& gpus) {
    gpus_ = &gpus;
    connect(gpus_, &GpuFinder::found, this, [this] {
        refresh();
        if (menu()->isVisible())
            fillMenu();
    });
}

void DeviceChip::setPlan(const std::optional<ComputePlan>& plan) {
    plan_ = plan;
    refresh();
}

void DeviceChip::setLoad(const std::optional<ComputeLoad>& load) {
    load_ = load;
    refresh();
}

void DeviceChip::refresh() {
    const TrainingSettings& settings = document_->project().training;
    const bool isBusy = load_ && load_->othersBusy > 0;
    const int processes = processesOf(settings);
    const QString threads =
        processes > 1 ? tr("%1 processes").arg(processes)
        : isBusy ? tr("%1, others use %2").arg(threadsText(load_->threads)).arg(load_->othersBusy)
        : settings.threads() > 0 ? threadsText(settings.threads())
        : plan_                  ? threadsText(plan_->threads)
                                 : tr("automatic");
    const auto target = settings.target();
    const QString precision = qstr(nameOf(target.precision)).toUpper();
    const QString text = target.isGpu() && target.precision == Precision::F32
                             ? tr("GPU · %1").arg(gpuText(target.device))
                         : target.isGpu()
                             ? tr("GPU · %1 · %2").arg(gpuText(target.device), precision)
                         : needsGpu(target.precision)         ? tr("CPU · no %1").arg(precision)
                         : target.precision == Precision::F64 ? tr("CPU · FP64 reference")
                         : target.precision == Precision::F32 ? tr("CPU · oneDNN · %1").arg(threads)
                         : isEmulated(Precision::Bf16) ? tr("CPU · BF16 emulated · %1").arg(threads)
                                                       : tr("CPU · oneDNN BF16 · %1").arg(threads);
    setText(text);
    setToolTip(isBusy ? tr("Other programs are computing as well, and training yields to them. Its "
                           "weights stay the same; only the speed changes.")
                      : tr("What this project trains on"));
    setAccessibleName(tr("Device: %1").arg(text));
}

QString DeviceChip::gpuText(const std::string& device) const {
    if (gpus_ && gpus_->result())
        for (const GpuInfo& gpu : gpus_->result()->found)
            if (gpu.key == device)
                return qstr(gpu.name);
    return qstr(device);
}

void DeviceChip::add(const QString& text, bool checked, const QString& tip,
                     std::function<void()> run) {
    QAction* const action = menu()->addAction(text, this, std::move(run));
    action->setCheckable(true);
    action->setChecked(checked);
    action->setToolTip(tip);
}

void DeviceChip::addDevices() {
    const std::string current = document_->project().training.target().device;
    const auto choose = [this](const std::string& device) {
        return [this, device] { set(tr("Change device"), "device", device); };
    };
    const auto explain = [this](const QString& text) {
        menu()->addAction(text)->setEnabled(false);
    };
    menu()->addSection(tr("Device"));
    const ParamChoice& cpu = findParam(trainingParams(), "device")->choices.front();
    add(qstr(cpu.title), current == cpu.key, qstr(cpu.doc), choose(cpu.key));
    if (!gpus_)
        return;
    gpus_->find();
    const auto& search = gpus_->result();
    if (!search)
        return explain(tr("Looking for GPUs…"));
    if (search->found.empty())
        explain(tr("No GPU: %1").arg(qstr(search->why)));
    for (const GpuInfo& gpu : search->found) {
        if (gpu.whyNot.empty())
            add(qstr(gpu.name), current == gpu.key,
                tr("%1, in %2; in a process of its own").arg(qstr(gpu.key), precisionsText(gpu)),
                choose(gpu.key));
        else
            explain(tr("%1: %2").arg(qstr(gpu.name), qstr(gpu.whyNot)));
    }
}

void DeviceChip::fillMenu() {
    menu()->clear();
    const TrainingSettings& settings = document_->project().training;
    addDevices();
    QAction* const devices =
        menu()->addAction(tr("All devices and their speed…"), this, &DeviceChip::devicesWanted);
    devices->setToolTip(tr("Peaks and measured rates, and a check of what they compute"));
    menu()->addSection(tr("Threads"));
    add(tr("Automatic"), settings.threads() == 0,
        tr("What is fastest for this network on this machine, once that has been measured; until "
           "then all %1")
            .arg(availableThreads()),
        [this] { set(tr("Change threads"), "threads", std::int64_t{0}); });
    for (const int threads : threadChoices())
        add(threadsText(threads), settings.threads() == threads,
            tr("The weights do not depend on it where batches are computed in parts"),
            [this, threads] {
                set(tr("Change threads"), "threads", static_cast<std::int64_t>(threads));
            });
    menu()->addSection(tr("Precision"));
    const ParamSpec* const precision = findParam(trainingParams(), "precision");
    const ParamValue current = Params(trainingParams(), settings.params).text("precision");
    for (const auto& choice : precision->choices)
        add(qstr(choice.title), current == ParamValue(choice.key), qstr(choice.doc),
            [this, key = choice.key] { set(tr("Change precision"), "precision", key); });
}

void DeviceChip::set(const QString& title, const std::string& key, const ParamValue& value) {
    TrainingSettings settings = document_->project().training;
    settings.params[key] = value;
    try {
        document_->perform(title, {SetTraining{settings}});
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright

#include "moc_device_chip.cpp"
