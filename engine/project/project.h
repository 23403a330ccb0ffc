// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/picture_params.h"
#include "engine/graph/diagnostic.h"
#include "engine/graph/edit.h"
#include "engine/graph/network.h"
#include "engine/support/unknown_keys.h"
#include "engine/support/variant_place.h"
#include "engine/training/settings.h"
#include "engine/training/trainer.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace gradwright {

/// In logical pixels; a node's is its top left corner.
struct Point {
    double x = 0;
    double y = 0;
    bool operator==(const Point&) const = default;
};

using FrameId = Id<struct FrameTag>;
using NoteId = Id<struct NoteTag>;

/// A titled rectangle around nodes.
struct Frame {
    std::string graph;
    std::string title;
    Point position;
    double width = 0;
    double height = 0;
    UnknownKeys extra = {};
    bool operator==(const Frame&) const = default;
};

/// Text on the canvas.
struct Note {
    std::string graph;
    std::string text;
    Point position;
    double width = 0;
    double height = 0;
    UnknownKeys extra = {};
    bool operator==(const Note&) const = default;
};

/// An id that is free among frames or notes.
template <class Map>
[[nodiscard]] auto freshId(const Map& boxes) {
    using Key = typename Map::key_type;
    return boxes.empty() ? Key{1} : Key{boxes.rbegin()->first.value + 1};
}

/// Which way data flows on the canvas.
enum class Flow { Down, Right };

/// How the network is drawn; nothing here changes what it computes.
struct Canvas {
    /// By graph ("" is the main one), then by node. A node without a position is laid out.
    std::map<std::string, std::map<NodeId, Point>, std::less<>> positions;
    std::map<FrameId, Frame> frames;
    std::map<NoteId, Note> notes;
    /// Instances of blocks that show what is in them, by graph.
    std::map<std::string, std::set<NodeId>, std::less<>> expanded;
    Flow flow = Flow::Down;
    UnknownKeys extra = {};
    bool operator==(const Canvas&) const = default;
};

/// Everything in a project file. A plain value; changed by edits alone.
struct Project {
    std::string name = "untitled";
    std::string uuid; ///< finds the runs of a project that has no file yet
    std::string description;
    std::string madeFrom; ///< key of the template it began as; empty: none, or not known
    /// Folders with runs of this project beside its own, e.g. those of the file that it was before
    /// it was saved under another name.
    std::vector<std::filesystem::path> earlierRuns;
    /// A safetensors file with the weights that trainings start with, by their keys: those of an
    /// imported model. Empty: the layers' initializers alone.
    std::filesystem::path startWeights;
    /// How images were scaled for the network that these weights were trained in; nothing: not
    /// known.
    std::optional<ChannelScaling> startScaling;
    Network network;
    Canvas canvas;
    DataChoice data;
    TrainingSettings training;
    UnknownKeys extra = {};
    bool operator==(const Project&) const = default;
};

/// An empty project with a random UUID.
Project newProject();

struct MoveNodes {
    std::string graph;
    std::map<NodeId, std::optional<Point>> to; ///< nothing: forget the position
};
/// Adds, changes or (without a frame) removes.
struct SetFrame {
    FrameId id;
    std::optional<Frame> frame;
};
struct SetNote {
    NoteId id;
    std::optional<Note> note;
};
/// Whether an instance of a block shows what is in it.
struct SetExpanded {
    std::string graph;
    NodeId node;
    bool expanded;
};
struct SetFlow {
    Flow flow;
};
struct SetData {
    DataChoice data;
};
struct SetTraining {
    TrainingSettings training;
};
struct SetTexts {
    std::string name;
    std::string description;
};
/// What trainings start with.
struct SetStart {
    std::filesystem::path weights; ///< empty: the layers' initializers alone
    std::optional<ChannelScaling> scaling;
};

struct ProjectEdit;
using AnyProjectChange =
    std::variant<NetworkEdit, MoveNodes, SetFrame, SetNote, SetExpanded, SetFlow, SetData,
                 SetTraining, SetTexts, SetStart, std::vector<ProjectEdit>>;

/// What a ProjectEdit does: a std::variant, read with std::visit and std::get_if.
class ProjectChange : public AnyProjectChange {
public:
    ProjectChange();
    template <AlternativeOf<AnyProjectChange> Change>
    ProjectChange(Change change) // NOLINT(google-explicit-constructor): as std::variant
        : ProjectChange() {
        take(kPlaceIn<Change, AnyProjectChange>, &change);
    }
    ProjectChange(const ProjectChange& other);
    ProjectChange(ProjectChange&& other) noexcept;
    ProjectChange& operator=(const ProjectChange& other);
    ProjectChange& operator=(ProjectChange&& other) noexcept;
    ~ProjectChange();

private:
    void take(std::size_t place, void* change);
};

/// A change of a project; a group is done and undone as one.
struct ProjectEdit {
    using Group = std::vector<ProjectEdit>;
    ProjectChange change;
};

/// Makes the change and returns its inverse. Throws Error with the reason when the change does not
/// fit; the project is then as before.
ProjectEdit apply(Project& project, const ProjectEdit& edit);

/// A fix as one edit of the project: that of the network, with places for the layers it adds (see
/// placesFor()), and the data's assignment where the fix has one.
ProjectEdit editOf(const Project& project, const Fix& fix);

/// What training this project means.
TrainingJob trainingJob(const Project& project, std::filesystem::path runsFolder);

} // namespace gradwright
