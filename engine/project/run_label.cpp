// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/run_label.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLabelBytes = 1 << 20;

std::string stripped(const std::string& text) {
    constexpr auto kSpace = " \t\r\n";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Writing through a link would leave the run's folder.
void refuseLink(const fs::path& file) {
    std::error_code none;
    if (fs::is_symlink(fs::symlink_status(file, none)))
        throw Error("{}: is a symbolic link; the files of a run lie in its own folder",
                    file.string());
}

std::string labelTextAt(const Json& json, const char* key, const fs::path& file) {
    const auto found = json.find(key);
    if (found == json.end())
        return {};
    if (!found->is_string())
        throw Error("{}: \"{}\" must be a text, not {}", file.string(), key, found->type_name());
    return found->get<std::string>();
}

void requireShort(const std::string& text, std::size_t most, const char* what,
                  const fs::path& file) {
    if (text.size() > most)
        throw Error("{}: the {} has {} bytes; {} are the most", file.string(), what, text.size(),
                    most);
}

} // namespace

fs::path labelFileOf(const RunDirectory& run) {
    return run.path() / "label.json";
}

RunLabel labelOf(const RunDirectory& run) {
    const auto file = labelFileOf(run);
    refuseLink(file);
    std::error_code none;
    if (!fs::exists(file, none))
        return {};
    const auto json = parseJson(readTextFile(file, kMaxLabelBytes), file.string());
    if (!json.is_object())
        throw Error("{}: must hold a JSON object, not {}", file.string(), json.type_name());
    return {labelTextAt(json, "name", file), labelTextAt(json, "note", file)};
}

void writeLabel(const RunDirectory& run, RunLabel label) {
    const auto file = labelFileOf(run);
    refuseLink(file);
    label.name = stripped(label.name);
    label.note = stripped(label.note);
    std::ranges::replace_if(
        label.name, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    requireShort(label.name, kMaxRunName, "name", file);
    requireShort(label.note, kMaxRunNote, "note", file);
    if (label == RunLabel{}) {
        std::error_code failure;
        fs::remove(file, failure);
        if (failure)
            throw Error("{}: cannot be removed ({})", file.string(), failure.message());
        return;
    }
    Json json = Json::object();
    if (!label.name.empty())
        json["name"] = label.name;
    if (!label.note.empty())
        json["note"] = label.note;
    try {
        writeFileAtomically(file, json.dump(2) + "\n");
    } catch (const Json::exception& error) { // not UTF-8
        throw Error("{}: cannot be written ({})", file.string(), error.what());
    }
}

std::string nameOfRun(const RunDirectory& run) {
    try {
        if (auto name = labelOf(run).name; !name.empty())
            return name;
    } catch (const std::exception&) {
        // The run is told by its recorded name.
    }
    try {
        const auto record = run.readRunJson();
        if (const auto name = record.find("name"); name != record.end() && name->is_string())
            return name->get<std::string>();
    } catch (const std::exception&) {
        // It still has a folder.
    }
    return run.name();
}

} // namespace gradwright
