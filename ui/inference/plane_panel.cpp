// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/plane_panel.h"

#include "ui/inference/cards.h"
#include "ui/inference/plane_view.h"
#include "ui/session/plane_map.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

PlanePanel::PlanePanel(ThemeManager& theme, QWidget* parent)
    : InputPanel(parent)
    , view_(new PlaneView(theme))
    , job_(new PlaneJob(this)) {
    const auto card = makeCard(tr("Decision map"));
    title_ = card.title;
    card.header->addWidget(
        mutedLabel(tr("what the network answers everywhere, and the test points")));
    card.header->addStretch(1);
    card.body->addWidget(view_, 1);
    QLabel* const legend = mutedLabel({});
    legend->setObjectName(QStringLiteral("planeLegend"));
    legend->setTextFormat(Qt::RichText);
    legend->setAlignment(Qt::AlignCenter);
    legend->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    legend->hide();
    card.body->addWidget(legend);
    connect(view_, &PlaneView::legendChanged, legend, [this, legend] {
        legend->setText(view_->legend());
        legend->setToolTip(view_->namesInFull());
        legend->setVisible(!legend->text().isEmpty());
    });
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card.frame);
    connect(job_, &PlaneJob::finished, this, [this](const PlaneMap& map) {
        // Another model may have been chosen meanwhile.
        if (model_)
            view_->setMap(map);
    });
    connect(job_, &PlaneJob::failed, this, &PlanePanel::showReason);
}

void PlanePanel::setModel(const std::shared_ptr<const TrainedModel>& model, bool /*live*/) {
    model_ = model;
    if (!model_) {
        showReason(tr("Nothing is trained yet. Press Start; the map is drawn as soon as there are "
                      "weights, even while it runs."));
        return;
    }
    title_->setText(model_->data->info.hasClasses() ? tr("Decision map") : tr("Map of values"));
    job_->start(model_);
}

/// A map of which a part is out of sight is none.
void PlanePanel::setRoom(QSize room) {
    setMaximumHeight(std::max(room.height(), minimumSizeHint().height()));
}

void PlanePanel::clear() {
    view_->setMap({});
}

void PlanePanel::showReason(const QString& reason) {
    view_->setMap({});
    view_->setHint(reason);
}

} // namespace gradwright

#include "moc_plane_panel.cpp"
