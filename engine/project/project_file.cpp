// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"

#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"

#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

constexpr auto kFormat = "gradwright project";
constexpr std::size_t kMaxProjectBytes = std::size_t{256} << 20;
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
    out += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ') + (isArray ? "]" : "}");
}

std::string textOf(const Json& json, std::string_view what) {
    if (!json.is_string())
        throw Error("{} must be a text", what);
    return json.get<std::string>();
}

double finite(const Json& json, std::string_view what) {
    if (!json.is_number() || !std::isfinite(json.get<double>()))
        throw Error("{} must be a number, not {}", what, json.dump());
    return json.get<double>();
}

std::uint32_t idFromKey(const std::string& key, std::string_view what) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), value);
    if (error != std::errc{} || end != key.data() + key.size())
        throw Error("{} must be numbered, not \"{}\"", what, key);
    return value;
}

Json pointToJson(const Point& point) {
    return Json::array({point.x, point.y});
}

Point pointFromJson(const Json& json, std::string_view what) {
    if (!json.is_array() || json.size() != 2)
        throw Error("{} must be [x, y], not {}", what, json.dump());
    return {finite(json[0], what), finite(json[1], what)};
}

/// Frames and notes differ in the name of their text alone.
template <class Box>
Json boxesToJson(const std::map<Id<typename Box::Tag>, typename Box::Value>& boxes) {
    Json list = Json::array();
    for (const auto& [id, box] : boxes)
        list.push_back({{"id", id.value},
                        {"graph", box.graph},
                        {Box::textKey, Box::text(box)},
                        {"position", pointToJson(box.position)},
                        {"size", Json::array({box.width, box.height})}});
    return list;
}

template <class Box>
std::map<Id<typename Box::Tag>, typename Box::Value> boxesFromJson(const Json& list,
                                                                   std::string_view what) {
    if (!list.is_array())
        throw Error("{} must be a list", what);
    std::map<Id<typename Box::Tag>, typename Box::Value> boxes;
    for (const auto& entry : list) {
        typename Box::Value box;
        box.graph = textOf(required(entry, "graph", what), what);
        Box::text(box) = textOf(required(entry, Box::textKey, what), what);
        box.position = pointFromJson(required(entry, "position", what), what);
        const auto size = pointFromJson(required(entry, "size", what), what);
        box.width = size.x;
        box.height = size.y;
        const auto& id = required(entry, "id", what);
        if (!id.is_number_unsigned())
            throw Error("{} must be numbered, not {}", what, id.dump());
        boxes.emplace(Id<typename Box::Tag>{id.get<std::uint32_t>()}, std::move(box));
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

Json canvasToJson(const Canvas& canvas) {
    Json positions = Json::object();
    for (const auto& [graph, points] : canvas.positions)
        for (const auto& [node, point] : points)
            positions[graph][std::to_string(node.value)] = pointToJson(point);
    Json json = {{"positions", std::move(positions)},
                 {"frames", boxesToJson<FrameBox>(canvas.frames)},
                 {"notes", boxesToJson<NoteBox>(canvas.notes)}};
    json.update(canvas.extra);
    return json;
}

Canvas canvasFromJson(const Json& json) {
    if (!json.is_object())
        throw Error("canvas must be an object");
    Canvas canvas;
    const auto positions = json.value("positions", Json::object());
    for (const auto& [graph, points] : positions.items())
        for (const auto& [key, point] : points.items())
            canvas.positions[graph].emplace(NodeId{idFromKey(key, "a position")},
                                            pointFromJson(point, "a position"));
    if (json.contains("frames"))
        canvas.frames = boxesFromJson<FrameBox>(json["frames"], "a frame");
    if (json.contains("notes"))
        canvas.notes = boxesFromJson<NoteBox>(json["notes"], "a note");
    canvas.extra = unknownKeys(json, {"positions", "frames", "notes"});
    return canvas;
}

Json dataToJson(const DataChoice& data) {
    Json params = Json::object();
    for (const auto& [key, value] : data.params)
        params[key] = toJson(value);
    return {{"dataset", data.dataset},
            {"params", std::move(params)},
            {"validation_fraction", data.validationFraction},
            {"split_seed", data.splitSeed},
            {"limit", data.limit}};
}

DataChoice dataFromJson(const Json& json) {
    DataChoice data;
    data.dataset = textOf(required(json, "dataset", "data"), "the data set");
    const auto& def = dataset(data.dataset);
    const auto params = json.value("params", Json::object());
    for (const auto& [key, value] : params.items()) {
        const auto* spec = findParam(def.params, key);
        if (!spec)
            throw Error("the data set {} has no parameter \"{}\"", data.dataset, key);
        data.params.emplace(key, paramFromJson(*spec, value));
    }
    if (const auto problems = validate(def.params, data.params); !problems.empty())
        throw Error("data set {}: {}", data.dataset, problems.front().message);
    data.validationFraction =
        finite(json.value("validation_fraction", Json(0.1)), "validation_fraction");
    if (data.validationFraction < 0 || data.validationFraction > 0.9)
        throw Error("validation_fraction must be from 0 to 0.9, not {}", data.validationFraction);
    const auto seed = json.value("split_seed", Json(1));
    const auto limit = json.value("limit", Json(0));
    if (!seed.is_number_unsigned() || !limit.is_number_unsigned())
        throw Error("split_seed and limit must be whole numbers of at least 0");
    data.splitSeed = seed.get<std::uint64_t>();
    data.limit = limit.get<std::int64_t>();
    return data;
}

void requireSchema(const Json& json) {
    if (!json.is_object() || json.value("format", Json()) != Json(kFormat))
        throw Error("this is no Gradwright project: it lacks \"format\": \"{}\"", kFormat);
    const auto schema = json.value("schema", Json());
    if (!schema.is_number_integer() || schema.get<std::int64_t>() < 1)
        throw Error("the project has no valid schema version");
    if (schema.get<std::int64_t>() > kProjectSchema)
        throw Error(
            "the project was written by a newer Gradwright (schema {}; this version reads up "
            "to {}); please update",
            schema.get<std::int64_t>(), kProjectSchema);
}

} // namespace

std::string readableJson(const Json& json) {
    std::string out;
    writeReadable(json, 0, out);
    out += '\n';
    return out;
}

Json toJson(const Project& project) {
    Json json = {{"format", kFormat},
                 {"schema", kProjectSchema},
                 {"name", project.name},
                 {"uuid", project.uuid},
                 {"description", project.description},
                 {"network", toJson(project.network)},
                 {"canvas", canvasToJson(project.canvas)},
                 {"data", dataToJson(project.data)},
                 {"training", toJson(project.training)}};
    json.update(project.extra);
    return json;
}

Project projectFromJson(const Json& json) {
    requireSchema(json);
    Project project;
    try {
        project.name = textOf(required(json, "name", "the project"), "the name");
        project.uuid = textOf(required(json, "uuid", "the project"), "the uuid");
        project.description = textOf(json.value("description", Json("")), "the description");
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
    project.extra = unknownKeys(json, {"format", "schema", "name", "uuid", "description", "network",
                                       "canvas", "data", "training"});
    return project;
}

std::string projectText(const Project& project) {
    return readableJson(toJson(project));
}

void saveProject(const std::filesystem::path& file, const Project& project) {
    writeFileAtomically(file, projectText(project));
}

Project loadProject(const std::filesystem::path& file) {
    const auto contents = readTextFile(file, kMaxProjectBytes);
    try {
        return projectFromJson(parseJson(contents, "the project"));
    } catch (const Error& error) {
        throw Error("{} cannot be opened: {}", file.string(), error.what());
    }
}

} // namespace gradwright
