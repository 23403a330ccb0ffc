// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"

#include "engine/data/images/augmentation.h"
#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

constexpr auto kProjectFormat = "gradwright project";
constexpr std::size_t kLineLength = 96;

std::string compact(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void writeReadable(const Json& json, int depth, std::string& out) {
    auto line = compact(json);
    if (!json.is_structured() || json.empty() ||
        (depth > 0 && line.size() + static_cast<std::size_t>(depth) * 2 <= kLineLength)) {
        out += line;
        return;
    }
    const std::string indent(static_cast<std::size_t>(depth + 1) * 2, ' ');
    const bool isArray = json.is_array();
    out += isArray ? "[\n" : "{\n";
    bool first = true;
    for (const auto& [key, value] : json.items()) {
        if (!first)
            out += ",\n";
        first = false;
        out += indent;
        if (isArray) {
            out += compact(value);
        } else {
            out += Json(key).dump() + ": ";
            writeReadable(value, depth + 1, out);
        }
    }
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
    out += isArray ? ']' : '}';
}

std::string textOf(const Json& json, std::string_view what) {
    if (!json.is_string())
        throw Error("{} must be a text, not {}", what, dumpExcerpt(json));
    return json.get<std::string>();
}

double finite(const Json& json, std::string_view what) {
    if (!json.is_number() || !std::isfinite(json.get<double>()))
        throw Error("{} must be a number, not {}", what, dumpExcerpt(json));
    return json.get<double>();
}

std::uint32_t idFromKey(const std::string& key, std::string_view what) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), value);
    if (error != std::errc{} || end != key.data() + key.size())
        throw Error("{} must be numbered, not \"{}\"", what, excerpt(key));
    return value;
}

std::uint32_t numberOf(const Json& json, std::string_view what) {
    constexpr std::uint64_t limit = std::numeric_limits<std::uint32_t>::max();
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > limit)
        throw Error("{} must be numbered from 0 to {}, not {}", what, limit, dumpExcerpt(json));
    return json.get<std::uint32_t>();
}

/// The object under `key`, empty when there is none.
Json objectAt(const Json& json, const char* key) {
    auto object = json.value(key, Json::object());
    if (!object.is_object())
        throw Error("{} must be an object, not {}", key, dumpExcerpt(object));
    return object;
}

Json pointToJson(const Point& point) {
    return Json::array({point.x, point.y});
}

Point pointFromJson(const Json& json, std::string_view what) {
    if (!json.is_array() || json.size() != 2)
        throw Error("{} must be [x, y], not {}", what, dumpExcerpt(json));
    const Point point{finite(json[0], what), finite(json[1], what)};
    constexpr double kFarthest = 1e7; // px; nothing that is drawn lies farther off
    if (std::max(std::abs(point.x), std::abs(point.y)) > kFarthest)
        throw Error("{} must lie within {} px, not at {}", what, kFarthest, dumpExcerpt(json));
    return point;
}

/// Frames and notes differ in the name of their text alone.
template <class Box>
Json boxesToJson(const std::map<Id<typename Box::Tag>, typename Box::Value>& boxes) {
    Json list = Json::array();
    for (const auto& [id, box] : boxes) {
        Json entry = {{"id", id.value},
                      {"graph", box.graph},
                      {Box::textKey, Box::text(box)},
                      {"position", pointToJson(box.position)},
                      {"size", Json::array({box.width, box.height})}};
        entry.update(box.extra.json());
        list.push_back(std::move(entry));
    }
    return list;
}

template <class Box>
std::map<Id<typename Box::Tag>, typename Box::Value> boxesFromJson(const Json& list,
                                                                   std::string_view what) {
    if (!list.is_array())
        throw Error("{} must be a list, not {}", what, dumpExcerpt(list));
    std::map<Id<typename Box::Tag>, typename Box::Value> boxes;
    for (const auto& entry : list) {
        typename Box::Value box;
        box.graph = textOf(required(entry, "graph", what), what);
        Box::text(box) = textOf(required(entry, Box::textKey, what), what);
        box.position = pointFromJson(required(entry, "position", what), what);
        const auto size = pointFromJson(required(entry, "size", what), what);
        box.width = size.x;
        box.height = size.y;
        box.extra = UnknownKeys(entry, {"id", "graph", Box::textKey, "position", "size"});
        const Id<typename Box::Tag> id{numberOf(required(entry, "id", what), what)};
        if (!boxes.emplace(id, std::move(box)).second)
            throw Error("{}: two have the number {}", what, id.value);
    }
    return boxes;
}

struct FrameBox {
    using Tag = FrameTag;
    using Value = Frame;
    static constexpr auto textKey = "title";
    static auto& text(auto& frame) { return frame.title; }
};
struct NoteBox {
    using Tag = NoteTag;
    using Value = Note;
    static constexpr auto textKey = "text";
    static auto& text(auto& note) { return note.text; }
};

constexpr auto kFlowRight = "right";

std::map<std::string, std::set<NodeId>, std::less<>> expandedFromJson(const Json& json) {
    std::map<std::string, std::set<NodeId>, std::less<>> expanded;
    for (const auto& [graph, nodes] : json.items()) {
        if (!nodes.is_array())
            throw Error("the expanded blocks of a graph must be a list, not {}",
                        dumpExcerpt(nodes));
        for (const auto& node : nodes)
            expanded[graph].insert(NodeId{numberOf(node, "an expanded block")});
    }
    return expanded;
}

} // namespace

Json toJson(const Canvas& canvas) {
    Json positions = Json::object();
    for (const auto& [graph, points] : canvas.positions)
        for (const auto& [node, point] : points)
            positions[graph][std::to_string(node.value)] = pointToJson(point);
    Json json = {{"positions", std::move(positions)},
                 {"frames", boxesToJson<FrameBox>(canvas.frames)},
                 {"notes", boxesToJson<NoteBox>(canvas.notes)}};
    for (const auto& [graph, nodes] : canvas.expanded)
        for (const auto node : nodes)
            json["expanded"][graph].push_back(node.value);
    json.update(canvas.extra.json());
    if (canvas.flow == Flow::Right)
        json["flow"] = kFlowRight;
    return json;
}

Canvas canvasFromJson(const Json& json) try {
    if (!json.is_object())
        throw Error("canvas must be an object, not {}", dumpExcerpt(json));
    Canvas canvas;
    const auto positions = objectAt(json, "positions");
    for (const auto& [graph, points] : positions.items()) {
        if (!points.is_object())
            throw Error("the positions of a graph must be an object, not {}", dumpExcerpt(points));
        for (const auto& [key, point] : points.items())
            canvas.positions[graph].emplace(NodeId{idFromKey(key, "a position")},
                                            pointFromJson(point, "a position"));
    }
    if (json.contains("frames"))
        canvas.frames = boxesFromJson<FrameBox>(json["frames"], "the frames");
    if (json.contains("notes"))
        canvas.notes = boxesFromJson<NoteBox>(json["notes"], "the notes");
    canvas.expanded = expandedFromJson(objectAt(json, "expanded"));
    // A direction of a later version is drawn downwards, and kept.
    canvas.extra = UnknownKeys(json, {"positions", "frames", "notes", "expanded"});
    if (json.value("flow", Json()) == Json(kFlowRight)) {
        canvas.flow = Flow::Right;
        canvas.extra.take("flow");
    }
    return canvas;
} catch (const Json::exception& error) {
    throw Error("the canvas has a value of an unexpected type ({})", error.what());
}

namespace {

Json dataToJson(const DataChoice& data) {
    Json json = {{"dataset", data.dataset},
                 {"params", toJson(data.params)},
                 {"validation_fraction", data.validationFraction},
                 {"split_seed", data.splitSeed},
                 {"limit", data.limit}};
    if (!data.augmentation.empty())
        json["augmentation"] = toJson(data.augmentation);
    if (data.reconstruct)
        json["reconstruct"] = true;
    if (data.asBefore)
        json["as_before"] = true;
    if (data.folds > 0) {
        json["folds"] = data.folds;
        json["fold"] = data.fold;
    }
    writeAssignment(data.assignment, json);
    json.update(data.extra.json());
    return json;
}

/// A whole number of at least 0 under `key`, `defaultValue` when there is none.
template <class T>
T countAt(const Json& json, const char* key, T defaultValue) {
    const auto value = json.value(key, Json(defaultValue));
    constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    const bool good = value.is_number_integer() &&
                      (value.is_number_unsigned() || value.get<std::int64_t>() >= 0) &&
                      value.get<std::uint64_t>() <= limit;
    if (!good)
        throw Error("{} must be a whole number from 0 to {}, not {}", key, limit,
                    dumpExcerpt(value));
    return value.get<T>();
}

DataChoice dataFromJson(const Json& json) {
    DataChoice data;
    data.dataset = textOf(required(json, "dataset", "data"), "the data set");
    const auto& def = dataset(data.dataset);
    data.params =
        paramsFromJson(objectAt(json, "params"), def.params, "the data set " + data.dataset);
    data.augmentation =
        paramsFromJson(objectAt(json, "augmentation"), augmentationParams(), "augmentation");
    data.validationFraction = finite(
        json.value("validation_fraction", Json(data.validationFraction)), "validation_fraction");
    data.splitSeed = countAt(json, "split_seed", data.splitSeed);
    data.limit = countAt(json, "limit", data.limit);
    const auto reconstruct = json.value("reconstruct", Json(false));
    if (!reconstruct.is_boolean())
        throw Error("reconstruct must be true or false, not {}", dumpExcerpt(reconstruct));
    data.reconstruct = reconstruct.get<bool>();
    data.folds = countAt(json, "folds", data.folds);
    data.fold = countAt(json, "fold", data.fold);
    data.asBefore = json.value("as_before", Json(false)) == true;
    data.assignment = readAssignment(json);
    data.extra = UnknownKeys(json, {"dataset", "params", "validation_fraction", "split_seed",
                                    "limit", "augmentation", "reconstruct", "as_before", "inputs",
                                    "left_out", "folds", "fold"});
    requireValid(data);
    return data;
}

void requireSchema(const Json& json) {
    if (!json.is_object() || json.value("format", Json()) != Json(kProjectFormat))
        throw Error("this is not a Gradwright project: it lacks \"format\": \"{}\"",
                    kProjectFormat);
    const auto schema = json.value("schema", Json());
    if (!isInt64(schema) || schema.get<std::int64_t>() < 1)
        throw Error("its schema version must be a whole number from 1 to {}, not {}",
                    kProjectSchema, dumpExcerpt(schema));
    if (schema.get<std::int64_t>() > kProjectSchema)
        throw Error(
            "the project was written by a newer Gradwright (schema {}; this version reads up "
            "to {}); please update",
            schema.get<std::int64_t>(), kProjectSchema);
}

/// Replaces each path that the data set's parameters name.
void forEachPath(DataChoice& data, auto&& replaced) {
    for (const auto& spec : dataset(data.dataset).params) {
        const auto found = data.params.find(spec.key);
        if (spec.type != ParamType::Path || found == data.params.end())
            continue;
        auto& text = std::get<std::string>(found->second);
        if (!text.empty())
            text = replaced(std::filesystem::path(text)).string();
    }
}

std::filesystem::path folderOf(const std::filesystem::path& file) {
    return std::filesystem::absolute(file).lexically_normal().parent_path();
}

/// Relative to the folder where it lies within, so that both can move together.
std::filesystem::path relativeWithin(const std::filesystem::path& path,
                                     const std::filesystem::path& folder) {
    const auto relative = path.lexically_relative(folder);
    const bool within = !relative.empty() && *relative.begin() != "..";
    return within ? relative : path;
}

std::vector<std::filesystem::path> foldersFromJson(const Json& json, std::string_view what) {
    if (!json.is_array())
        throw Error("{} must be a list, not {}", what, dumpExcerpt(json));
    std::vector<std::filesystem::path> folders;
    for (const auto& each : json)
        folders.emplace_back(textOf(each, what));
    return folders;
}

ChannelScaling scalingFromJson(const Json& json) {
    if (!json.is_object())
        throw Error("start_scaling must be an object with mean and deviation, not {}",
                    dumpExcerpt(json));
    ChannelScaling scaling;
    for (auto [key, numbers] :
         {std::pair{"mean", &scaling.mean}, std::pair{"deviation", &scaling.deviation}}) {
        const auto& list = required(json, key, "start_scaling");
        if (!list.is_array() || list.empty() ||
            !std::ranges::all_of(list, [](const Json& each) { return each.is_number(); }))
            throw Error("{} of start_scaling must be a list of numbers, not {}", key,
                        dumpExcerpt(list));
        for (const auto& each : list)
            numbers->push_back(each.get<double>());
    }
    if (scaling.mean.size() != scaling.deviation.size() ||
        !std::ranges::all_of(scaling.deviation, [](double value) { return value > 0; }))
        throw Error("start_scaling needs as many deviations as means, each greater than 0");
    return scaling;
}

} // namespace

std::string readableJson(const Json& json) {
    std::string out;
    writeReadable(json, 0, out);
    out += '\n';
    return out;
}

Json toJson(const Project& project) {
    Json json = {{"format", kProjectFormat},
                 {"schema", kProjectSchema},
                 {"name", project.name},
                 {"uuid", project.uuid},
                 {"description", project.description},
                 {"network", toJson(project.network)},
                 {"canvas", toJson(project.canvas)},
                 {"data", dataToJson(project.data)},
                 {"training", toJson(project.training)}};
    if (!project.madeFrom.empty())
        json["template"] = project.madeFrom;
    for (const auto& folder : project.earlierRuns)
        json["earlier_runs"].push_back(folder.string());
    if (!project.startWeights.empty())
        json["start_weights"] = project.startWeights.string();
    if (project.startScaling)
        json["start_scaling"] = {{"mean", project.startScaling->mean},
                                 {"deviation", project.startScaling->deviation}};
    json.update(project.extra.json());
    return json;
}

Project projectFromJson(const Json& json) {
    requireSchema(json);
    Project project;
    try {
        project.name = textOf(required(json, "name", "the project"), "the name");
        project.uuid = textOf(required(json, "uuid", "the project"), "the uuid");
        project.description = textOf(json.value("description", Json("")), "the description");
        project.madeFrom = textOf(json.value("template", Json("")), "the template");
        project.earlierRuns =
            foldersFromJson(json.value("earlier_runs", Json::array()), "earlier_runs");
        project.startWeights = textOf(json.value("start_weights", Json("")), "start_weights");
        if (json.contains("start_scaling"))
            project.startScaling = scalingFromJson(json["start_scaling"]);
        project.network = networkFromJson(required(json, "network", "the project"));
        if (json.contains("canvas"))
            project.canvas = canvasFromJson(json["canvas"]);
        if (json.contains("data"))
            project.data = dataFromJson(json["data"]);
        if (json.contains("training"))
            project.training = trainingSettingsFromJson(json["training"]);
    } catch (const Json::exception& error) {
        throw Error("a value has an unexpected type ({})", error.what());
    }
    project.extra = UnknownKeys(json, {"format", "schema", "name", "uuid", "description", "network",
                                       "canvas", "data", "training", "template", "earlier_runs",
                                       "start_weights", "start_scaling"});
    return project;
}

std::string projectText(const Project& project) {
    return readableJson(toJson(project));
}

void saveProject(const std::filesystem::path& file, const Project& project) {
    auto saved = project;
    const auto folder = folderOf(file);
    forEachPath(saved.data,
                [&](const std::filesystem::path& path) { return relativeWithin(path, folder); });
    for (auto& runs : saved.earlierRuns)
        runs = relativeWithin(runs, folder);
    if (!saved.startWeights.empty())
        saved.startWeights = relativeWithin(saved.startWeights, folder);
    writeFileAtomically(file, projectText(saved));
}

Project loadProject(const std::filesystem::path& file) {
    const auto contents = readTextFile(file);
    try {
        auto project = projectFromJson(parseJson(contents, "the project"));
        const auto folder = folderOf(file);
        const auto absolute = [&](const std::filesystem::path& path) {
            return (folder / path).lexically_normal(); // an absolute one stays as it is
        };
        forEachPath(project.data, absolute);
        for (auto& runs : project.earlierRuns)
            runs = absolute(runs);
        if (!project.startWeights.empty())
            project.startWeights = absolute(project.startWeights);
        return project;
    } catch (const Error& error) {
        throw Error("{} cannot be opened: {}", file.string(), error.what());
    }
}

} // namespace gradwright
