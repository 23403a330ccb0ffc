// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"

#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/resources.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::string_view kIndexFormat = "gradwright templates";

std::string textAt(const Json& json, std::string_view key, std::string_view what) {
    const auto& text = required(json, key, what);
    if (!text.is_string() || text.empty())
        throw Error("{} of {} must be a text, not {}", key, what, dumpExcerpt(text));
    return text.get<std::string>();
}

const Json& listAt(const Json& json, std::string_view key, std::string_view what) {
    const auto& list = required(json, key, what);
    if (!list.is_array())
        throw Error("{} of {} must be a list, not {}", key, what, dumpExcerpt(list));
    return list;
}

std::vector<TemplateInfo> readIndex() {
    const auto file = resourcePath("templates/index.json");
    try {
        const auto json = parseJson(readTextFile(file), "the list of templates");
        if (textAt(json, "format", "the list") != kIndexFormat)
            throw Error("it lacks \"format\": \"{}\"", kIndexFormat);
        std::vector<TemplateInfo> all;
        for (const auto& section : listAt(json, "sections", "the list"))
            for (const auto& entry : listAt(section, "templates", "a section"))
                all.push_back({textAt(entry, "key", "a template"),
                               textAt(section, "title", "a section"),
                               textAt(entry, "try", "a template")});
        return all;
    } catch (const Error& error) {
        throw Error("{} cannot be read: {}", file.string(), error.what());
    }
}

} // namespace

const std::vector<TemplateInfo>& templates() {
    static const auto all = readIndex();
    return all;
}

const std::vector<std::string>& templateKeys() {
    static const auto keys = [] {
        std::vector<std::string> list;
        for (const auto& info : templates())
            list.push_back(info.key);
        return list;
    }();
    return keys;
}

Project openTemplate(std::string_view key) {
    const auto& keys = templateKeys();
    if (std::ranges::find(keys, key) == keys.end())
        throw Error("there is no template \"{}\"; there are {}", key, fmt::join(keys, ", "));
    auto project = loadProject(resourcePath(fmt::format("templates/{}.gradwright", key)));
    project.uuid = newProject().uuid;
    project.madeFrom = key;
    return project;
}

std::optional<std::string_view> templateKeyOf(std::string_view fileOrTemplate) {
    constexpr std::string_view kPrefix = "template:";
    if (!fileOrTemplate.starts_with(kPrefix))
        return {};
    return fileOrTemplate.substr(kPrefix.size());
}

Project openProject(std::string_view fileOrTemplate) {
    if (const auto key = templateKeyOf(fileOrTemplate))
        return openTemplate(*key);
    return loadProject(std::filesystem::path(fileOrTemplate));
}

} // namespace gradwright
