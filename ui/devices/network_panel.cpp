// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/devices/network_panel.h"

#include "engine/training/objective.h"
#include "ui/devices/roofline_view.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <cmath>
#include <memory>

namespace gradwright {

namespace {

/// Three digits: "0.123 ms", "12.3 ms", "1.23 s".
QString stepTime(double seconds) {
    const bool isLong = seconds >= 1;
    return QStringLiteral("%1 %2")
        .arg(isLong ? seconds : 1e3 * seconds, 0, 'g', 3)
        .arg(isLong ? QStringLiteral("s") : QStringLiteral("ms"));
}

} // namespace

NetworkPanel::NetworkPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , compare_(new QPushButton(tr("Compare with the peak")))
    , summary_(new QLabel)
    , view_(new RooflineView(themes))
    , table_(new QTableWidget(0, 6)) {
    compare_->setToolTip(tr("Measures the processor's products and memory and a training step of "
                            "this network; takes seconds. Per layer it is predicted."));
    summary_->setWordWrap(true);
    summary_->setObjectName(QStringLiteral("speed"));
    table_->setHorizontalHeaderLabels({tr("Layer"), tr("Operations"), tr("Bytes"),
                                       tr("Operations per byte"), tr("Share of the peak"),
                                       tr("At least")});
    table_->setAccessibleName(tr("Layers and what they can reach"));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false); // Tab leaves it
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    auto* const row = new QHBoxLayout;
    row->addWidget(compare_);
    row->addWidget(summary_, 1);
    auto* const layout = new QVBoxLayout(this);
    layout->addLayout(row);
    layout->addWidget(view_, 3);
    layout->addWidget(table_, 2);
    connect(compare_, &QPushButton::clicked, this, &NetworkPanel::compare);
    connect(document_, &ProjectDocument::analysisChanged, this, &NetworkPanel::refreshButton);
    connect(document_, &ProjectDocument::changed, this, &NetworkPanel::refreshButton);
    refreshButton();
}

void NetworkPanel::refreshButton() {
    const bool isReady = document_->dataInfo() && !document_->analysis().hasErrors() &&
                         !document_->project().network.main.nodes().empty();
    compare_->setEnabled(isReady && !isMeasuring_);
    if (!isReady && !isMeasuring_)
        summary_->setText(tr("The network cannot be trained as it is."));
    else if (!isMeasuring_ && table_->rowCount() == 0)
        summary_->setText(tr("What keeps the layers of this network from the processor's peak."));
}

void NetworkPanel::compare() {
    const auto& info = document_->dataInfo();
    if (!info || isMeasuring_)
        return;
    isMeasuring_ = true;
    summary_->setText(tr("Measuring…"));
    refreshButton();
    const Project& project = document_->project();
    jobs_.start([this, network = project.network, settings = project.training,
                 info = *info](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        std::shared_ptr<NetworkSpeed> found;
        QString wrong;
        try {
            const auto training = trainingGraph(network, info, settings);
            if (auto speed = measureNetwork(training.graph, settings, stop))
                found = std::make_shared<NetworkSpeed>(std::move(*speed));
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, found, wrong] {
            isMeasuring_ = false;
            if (found)
                showSpeed(*found);
            else
                summary_->setText(wrong);
            refreshButton();
        };
    });
}

void NetworkPanel::showSpeed(const NetworkSpeed& speed) {
    summary_->setText(tr("A training step of %1 takes %2, %3 % of the peak of %4 in "
                         "products of matrices. "
                         "The layers would take %5 at least if all bytes came from memory at %6; "
                         "caches save some "
                         "of that. Per layer it is predicted, not measured.")
                          .arg(countedText(speed.batch, tr("1 sample"), tr("%1 samples")),
                               stepTime(speed.measured))
                          .arg(100 * speed.shareOfPeak(), 0, 'g', 2)
                          .arg(qstr(textOf(speed.product)), stepTime(speed.predicted()),
                               qstr(textOf(speed.memory))));
    view_->setSpeed(speed);
    table_->setRowCount(0);
    for (std::size_t i = 0; i < speed.layers.size(); ++i) {
        const LayerSpeed& layer = speed.layers[i];
        const int row = table_->rowCount();
        table_->insertRow(row);
        const QStringList texts{qstr(layer.path),
                                fullNumber(layer.operations),
                                byteSize(layer.bytes),
                                QString::number(layer.intensity(), 'g', 3),
                                QStringLiteral("%1 %").arg(
                                    std::round(100 * layer.attainable / speed.product.perSecond)),
                                stepTime(layer.seconds)};
        for (int column = 0; column < texts.size(); ++column) {
            auto* const item = new QTableWidgetItem(texts[column]);
            item->setToolTip(view_->tip(i));
            table_->setItem(row, column, item);
        }
    }
}

} // namespace gradwright

#include "moc_network_panel.cpp"
