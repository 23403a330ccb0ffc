// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/published_counts.h"

#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/eliminate.h"
#include "engine/project/templates.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <array>
#include <memory>
#include <utility>

namespace gradwright {

namespace {

/// As NVIDIA published them for TensorRT.
struct PublishedNetwork {
    const char* key; ///< of the template
    const char* title;
    int before, after;
    const char* output; ///< the only one that answers need; empty: all
};
constexpr std::array kPublished{
    PublishedNetwork{"vgg-19", "VGG-19", 43, 27, ""},
    PublishedNetwork{"inception-v3", "Inception-v3", 309, 113, "class"},
    PublishedNetwork{"resnet-152", "ResNet-152", 670, 159, ""},
};
enum CountColumn {
    kCountNetwork,
    kCountPublished,
    kCountTensorRt,
    kCountBefore,
    kCountAfter,
    kCountColumns
};

NetworkSize sizeBeside(const PublishedNetwork& network, NetworkSize& after) {
    auto model = firstModel(lower(openTemplate(network.key).network), 1);
    if (const std::string output = network.output; !output.empty())
        model.graph.setOutputs({{output, model.graph.output(output)}});
    eliminateDead(model.graph);
    const OptimizationReport report = optimize(model);
    after = report.after;
    return report.before;
}

} // namespace

PublishedCounts::PublishedCounts(QWidget* parent)
    : QWidget(parent)
    , table_(new QTableWidget(static_cast<int>(kPublished.size()) + 1, kCountColumns))
    , count_(new QPushButton(tr("Count these networks")))
    , wrong_(new QLabel) {
    table_->setAccessibleName(tr("Layers before and after TensorRT and here"));
    table_->setHorizontalHeaderLabels({tr("Network"), tr("NVIDIA: before"), tr("TensorRT"),
                                       tr("Here: before"), tr("After the passes")});
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(kCountNetwork, QHeaderView::Stretch);
    for (int row = 0; row < table_->rowCount(); ++row)
        for (int column = 0; column < kCountColumns; ++column) {
            auto* const item = new QTableWidgetItem;
            if (column != kCountNetwork)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            table_->setItem(row, column, item);
        }
    for (std::size_t i = 0; i < kPublished.size(); ++i) {
        const int row = static_cast<int>(i);
        table_->item(row, kCountNetwork)->setText(QString::fromUtf8(kPublished[i].title));
        table_->item(row, kCountPublished)->setText(QString::number(kPublished[i].before));
        table_->item(row, kCountTensorRt)->setText(QString::number(kPublished[i].after));
    }
    table_->item(static_cast<int>(kPublished.size()), kCountNetwork)->setText(tr("This network"));
    auto* const rule = new QLabel(
        tr("Layers are counted as NVIDIA's figures imply: those of Caffe, where a batch "
           "normalization is two (normalization, then scale and shift) and each activation, sum "
           "and join is one; drop-out and reshaping, which compute nothing, are none. What was "
           "fused counts once. Of Inception-v3, the 309 count normalization once, and the "
           "auxiliary classifier is left out."));
    rule->setWordWrap(true);
    wrong_->setWordWrap(true);
    count_->setToolTip(tr("Makes the three networks with random weights and lets the passes go "
                          "over them; takes up to a minute and 1.5 GB of memory."));
    auto* const row = new QHBoxLayout;
    row->addWidget(count_);
    row->addWidget(wrong_, 1);
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(table_, 1);
    layout->addWidget(rule);
    layout->addLayout(row);
    connect(count_, &QPushButton::clicked, this, &PublishedCounts::count);
}

void PublishedCounts::setOurs(int row, const QString& before, const QString& after) {
    table_->item(row, kCountBefore)->setText(before);
    table_->item(row, kCountAfter)->setText(after);
}

void PublishedCounts::showOwn(std::int64_t before, std::int64_t after) {
    setOurs(static_cast<int>(kPublished.size()), fullNumber(before), fullNumber(after));
}

void PublishedCounts::clearOwn() {
    setOurs(static_cast<int>(kPublished.size()), {}, {});
}

void PublishedCounts::count() {
    if (job_ != 0) {
        jobs_.cancel(std::exchange(job_, 0));
        count_->setText(tr("Count these networks"));
        return;
    }
    count_->setText(tr("Stop"));
    wrong_->clear();
    job_ = jobs_.start([this](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        auto sizes = std::make_shared<std::vector<std::pair<NetworkSize, NetworkSize>>>();
        QString wrong;
        try {
            for (const PublishedNetwork& network : kPublished) {
                if (stop.stop_requested())
                    return [] {};
                NetworkSize after;
                const NetworkSize before = sizeBeside(network, after);
                sizes->emplace_back(before, after);
            }
        } catch (const std::bad_alloc&) {
            wrong = tr("There is not enough memory for these networks.");
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, sizes, wrong] {
            job_ = 0;
            count_->setText(tr("Count these networks"));
            wrong_->setText(wrong);
            for (std::size_t i = 0; i < sizes->size(); ++i)
                setOurs(static_cast<int>(i), fullNumber((*sizes)[i].first.layers),
                        fullNumber((*sizes)[i].second.layers));
        };
    });
}

} // namespace gradwright

#include "moc_published_counts.cpp"
