// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/load_history.h"

#include "engine/support/json.h"

namespace gradwright {
namespace {

constexpr std::size_t kMostChanges = 20;

} // namespace

void LoadHistory::add(const LoadChanged& change) {
    news_.push_back(change);
    if (news_.size() > kMostChanges)
        news_.pop_front();
}

void LoadHistory::write(const RunDirectory& run) {
    if (news_.empty())
        return;
    auto record = run.readRunJson();
    auto history = loadHistoryOf(record);
    for (const auto& change : news_)
        history.push_back({{"step", change.step},
                           {"threads", change.threads},
                           {"others_busy", change.othersBusy}});
    while (history.size() > kMostChanges)
        history.erase(history.begin());
    record["machine"]["load"] = std::move(history);
    run.writeRunJson(record);
    news_.clear();
}

Json loadHistoryOf(const Json& record) {
    const auto machine = record.find("machine");
    if (machine == record.end() || !machine->is_object())
        return Json::array();
    const auto load = machine->find("load");
    return load != machine->end() && load->is_array() ? *load : Json::array();
}

} // namespace gradwright
