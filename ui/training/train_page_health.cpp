// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/remedies.h"
#include "ui/theme/text.h"
#include "ui/training/health_list.h"
#include "ui/training/train_page.h"

#include <algorithm>
#include <utility>

// What has gone wrong with the run that is shown, and what can be done about it.
namespace gradwright {

void TrainPage::setAlarms(std::vector<Alarm> alarms) {
    alarms_ = std::move(alarms);
    document_->setAlarms(alarms_);
    showHealth();
}

void TrainPage::showHealth() {
    std::vector<HealthList::Entry> entries;
    for (const auto& alarm : alarms_) {
        if (alarm.goneAfter)
            continue;
        const auto found = diagnosticOf(alarm, document_->project(), document_->analysis());
        entries.push_back({alarm, found && !found->fixes.empty()});
    }
    health_->setEntries(std::move(entries));
}

void TrainPage::cure(const Alarm& alarm) {
    const auto found = diagnosticOf(alarm, document_->project(), document_->analysis());
    if (!found || found->fixes.empty())
        return;
    const Fix fix = found->fixes.front();
    perform(qstr(fix.title), editOf(document_->project(), fix));
    if (session_->isActive())
        Q_EMIT hint(tr("%1: done for the next training. This one keeps its settings; stop it and "
                       "start again.")
                        .arg(qstr(fix.title)));
}

void TrainPage::showLayer(const QString& path) {
    const auto& nodes = document_->analysis().flat.nodes;
    const auto found = std::ranges::find(nodes, path.toStdString(), &FlatNode::path);
    if (found != nodes.end())
        Q_EMIT layerChosen(found->graph, found->node);
}

} // namespace gradwright
