// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project.h"

#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table_params.h"
#include "engine/project/fix_places.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <utility>

namespace gradwright {

ProjectChange::ProjectChange() = default;
ProjectChange::ProjectChange(const ProjectChange& other) = default;
ProjectChange::ProjectChange(ProjectChange&& other) noexcept = default;
ProjectChange& ProjectChange::operator=(const ProjectChange& other) = default;
ProjectChange& ProjectChange::operator=(ProjectChange&& other) noexcept = default;
ProjectChange::~ProjectChange() = default;

void ProjectChange::take(std::size_t place, void* change) {
    takeAlternative(static_cast<AnyProjectChange&>(*this), place, change);
}
namespace {

/// RFC 4122, version 4.
std::string randomUuid() {
    std::random_device device;
    const auto word = [&] { return static_cast<std::uint32_t>(device()); };
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:08x}{:04x}", word(), word() & 0xFFFF,
                       word() & 0xFFF, (word() & 0x3FFF) | 0x8000, word(), word() & 0xFFFF);
}

/// Puts `value` (or its absence) under `key` and returns what was there.
template <class Map, class Key, class T>
std::optional<T> exchangeEntry(Map& map, const Key& key, const std::optional<T>& value) {
    std::optional<T> old;
    if (const auto found = map.find(key); found != map.end())
        old = found->second;
    if (value)
        map.insert_or_assign(key, *value);
    else
        map.erase(key);
    return old;
}

void requireFinite(const Point& point) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y))
        throw Error("a position must be finite, not ({}, {})", point.x, point.y);
}

/// A frame or a note.
template <class Box>
void requireFinite(const std::optional<Box>& box) {
    if (!box)
        return;
    requireFinite(box->position);
    if (!std::isfinite(box->width) || !std::isfinite(box->height))
        throw Error("a size must be finite, not {} × {}", box->width, box->height);
}

struct ApplyToProject {
    Project& project;

    ProjectEdit operator()(const NetworkEdit& edit) const { return {apply(project.network, edit)}; }

    ProjectEdit operator()(const MoveNodes& edit) const {
        for (const auto& [node, point] : edit.to)
            if (point)
                requireFinite(*point);
        auto& positions = project.canvas.positions[edit.graph];
        MoveNodes inverse{edit.graph, {}};
        for (const auto& [node, point] : edit.to)
            inverse.to.emplace(node, exchangeEntry(positions, node, point));
        if (positions.empty())
            project.canvas.positions.erase(edit.graph);
        return {std::move(inverse)};
    }

    ProjectEdit operator()(const SetFrame& edit) const {
        requireFinite(edit.frame);
        return {SetFrame{edit.id, exchangeEntry(project.canvas.frames, edit.id, edit.frame)}};
    }

    ProjectEdit operator()(const SetNote& edit) const {
        requireFinite(edit.note);
        return {SetNote{edit.id, exchangeEntry(project.canvas.notes, edit.id, edit.note)}};
    }

    ProjectEdit operator()(const SetExpanded& edit) const {
        auto& nodes = project.canvas.expanded[edit.graph];
        const bool old = nodes.contains(edit.node);
        if (edit.expanded)
            nodes.insert(edit.node);
        else
            nodes.erase(edit.node);
        if (nodes.empty())
            project.canvas.expanded.erase(edit.graph);
        return {SetExpanded{edit.graph, edit.node, old}};
    }

    ProjectEdit operator()(const SetFlow& edit) const {
        return {SetFlow{std::exchange(project.canvas.flow, edit.flow)}};
    }

    ProjectEdit operator()(const SetData& edit) const {
        requireValid(edit.data);
        return {SetData{std::exchange(project.data, edit.data)}};
    }

    ProjectEdit operator()(const SetTraining& edit) const {
        requireValid(edit.training);
        return {SetTraining{std::exchange(project.training, edit.training)}};
    }

    ProjectEdit operator()(const SetTexts& edit) const {
        return {SetTexts{std::exchange(project.name, edit.name),
                         std::exchange(project.description, edit.description)}};
    }

    ProjectEdit operator()(const SetStart& edit) const {
        return {SetStart{std::exchange(project.startWeights, edit.weights),
                         std::exchange(project.startScaling, edit.scaling)}};
    }

    ProjectEdit operator()(const ProjectEdit::Group& edits) const {
        ProjectEdit::Group inverses;
        try {
            for (const auto& edit : edits)
                inverses.push_back(apply(project, edit));
        } catch (...) {
            std::ranges::reverse(inverses);
            for (const auto& inverse : inverses)
                apply(project, inverse);
            throw;
        }
        std::ranges::reverse(inverses);
        return {std::move(inverses)};
    }
};

} // namespace

Project newProject() {
    Project project;
    project.uuid = randomUuid();
    return project;
}

ProjectEdit apply(Project& project, const ProjectEdit& edit) {
    return std::visit(ApplyToProject{project}, edit.change);
}

ProjectEdit editOf(const Project& project, const Fix& fix) {
    ProjectEdit::Group group{{fix.edit}};
    std::ranges::move(placesFor(project, fix.edit), std::back_inserter(group));
    if (fix.batch || !fix.settings.empty() || !fix.lossParams.empty()) {
        auto training = project.training;
        if (fix.batch)
            training.params.insert_or_assign("batch", *fix.batch);
        for (const auto& [key, value] : fix.settings)
            training.params.insert_or_assign(key, value);
        for (const auto& [key, value] : fix.lossParams)
            training.objectives.front().loss.params.insert_or_assign(key, value);
        group.push_back({SetTraining{std::move(training)}});
    }
    if (fix.assignment || !fix.imageShapes.empty()) {
        auto data = project.data;
        if (fix.assignment)
            data.assignment = *fix.assignment;
        for (const auto& [column, shape] : fix.imageShapes) {
            const auto known = data.params.find(kImageShapesParam);
            const auto text =
                known == data.params.end() ? std::string() : std::get<std::string>(known->second);
            data.params.insert_or_assign(std::string(kImageShapesParam),
                                         withImageShape(text, column, shape));
        }
        group.push_back({SetData{std::move(data)}});
    }
    return group.size() == 1 ? std::move(group.front()) : ProjectEdit{std::move(group)};
}

TrainingJob trainingJob(const Project& project, std::filesystem::path runsFolder) {
    TrainingJob job;
    job.network = project.network;
    job.data = project.data;
    job.settings = project.training;
    job.project = toJson(project);
    job.name = project.name;
    job.runsFolder = std::move(runsFolder);
    job.startWeights = project.startWeights;
    return job;
}

} // namespace gradwright
