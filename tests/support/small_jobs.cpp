// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/small_jobs.h"

#include "engine/support/json.h"

namespace gradwright::test {
namespace {

struct Step {
    const char* name;
    const char* layer;
    ParamValues params;
};

} // namespace

Project smallProject(std::int64_t samples, double validationFraction) {
    auto project = newProject();
    project.name = "small";
    const std::vector<Step> steps = {
        {"image", "input", {}},
        {"flatten", "flatten", {}},
        {"hidden", "dense", {{"units", std::int64_t{16}}, {"activation", std::string("relu")}}},
        {"dropout", "dropout", {{"rate", 0.2}}},
        {"scores", "dense", {{"units", std::int64_t{10}}}},
        {"probabilities", "softmax", {}},
        {"digit", "output", {}}};
    auto& graph = project.network.main;
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        apply(project.network,
              {AddNode{"", {{i + 1}, steps[i].name, LayerUse{steps[i].layer}, steps[i].params}}});
        if (i > 0)
            apply(project.network,
                  {AddLink{"", {graph.freshLinkId(), {{i}, {0}}, {{i + 1}, {0}}}}});
    }
    project.data.limit = samples;
    project.data.validationFraction = validationFraction;
    set(project, "epochs", std::int64_t{2});
    set(project, "threads", std::int64_t{1});
    return project;
}

void set(Project& project, std::string_view key, ParamValue value) {
    project.training.params.insert_or_assign(std::string(key), std::move(value));
}

TrainingSink EventLog::sink() {
    return [this](const TrainingEvent& event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    };
}

std::vector<TrainingEvent> EventLog::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

} // namespace gradwright::test
