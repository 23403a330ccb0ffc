// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/glossary/glossary.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/resources.h"
#include "ui/theme/text.h"

#include <QDebug>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::string_view kGlossaryFormat = "gradwright glossary";

std::string textOf(const Json& json, const char* key) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_string() ||
        json[key].get_ref<const std::string&>().empty())
        throw Error("a term needs a text called \"{}\": {}", key, dumpExcerpt(json));
    return json[key].get<std::string>();
}

std::vector<std::string> textsOf(const Json& json, const char* key) {
    std::vector<std::string> texts;
    if (!json.contains(key))
        return texts;
    if (!json[key].is_array())
        throw Error("\"{}\" of a term must be a list: {}", key, dumpExcerpt(json));
    for (const Json& each : json[key]) {
        if (!each.is_string())
            throw Error("\"{}\" of a term must hold texts: {}", key, dumpExcerpt(json));
        texts.push_back(each.get<std::string>());
    }
    return texts;
}

} // namespace

Glossary::Glossary(const std::filesystem::path& file) {
    try {
        const auto json = parseJson(readTextFile(file), "the glossary");
        if (textOf(json, "format") != kGlossaryFormat)
            throw Error("it lacks \"format\": \"{}\"", kGlossaryFormat);
        if (!json.contains("terms") || !json["terms"].is_array())
            throw Error("it has no list of terms");
        for (const Json& each : json["terms"])
            terms_.push_back({textOf(each, "key"), textOf(each, "title"), textOf(each, "text"),
                              textsOf(each, "explains"), textsOf(each, "see")});
        for (std::size_t i = 0; i < terms_.size(); ++i)
            for (const auto& place : terms_[i].explains)
                if (!places_.emplace(place, i).second)
                    throw Error("two terms explain {}", place);
    } catch (const Error& error) {
        throw Error("{} cannot be read: {}", file.string(), error.what());
    }
}

const Glossary& Glossary::own() {
    static const Glossary glossary = [] {
        try {
            return Glossary(resourcePath("glossary.json"));
        } catch (const Error& error) {
            qWarning().noquote() << error.what();
            return Glossary();
        }
    }();
    return glossary;
}

const GlossaryTerm* Glossary::find(std::string_view key) const {
    const auto found = std::ranges::find(terms_, key, &GlossaryTerm::key);
    return found == terms_.end() ? nullptr : &*found;
}

const GlossaryTerm* Glossary::explaining(std::string_view place) const {
    if (const auto found = places_.find(place); found != places_.end())
        return &terms_[found->second];
    const auto first = place.find('/');
    const auto last = place.rfind('/');
    if (first == last)
        return nullptr;
    const auto open = std::string(place.substr(0, first)) + "/*" + std::string(place.substr(last));
    const auto found = places_.find(open);
    return found == places_.end() ? nullptr : &terms_[found->second];
}

const std::vector<std::string_view>& windowPlaces() {
    static const std::vector<std::string_view> all = {
        "activation-curve",
        "augmentation",
        "best",
        "class-counts",
        "confusion-matrix",
        "correlation",
        "correlation-ratio",
        "cramers-v",
        "decision-map",
        "epochs",
        "experiment-baselines",
        "experiment-batch-size",
        "experiment-cross-validation",
        "experiment-data-amount",
        "experiment-depth",
        "experiment-ensemble",
        "experiment-landscape",
        "trials-at-a-time",
        "experiment-precision",
        "experiment-seeds",
        "experiment-sweep",
        "experiments",
        "gradients",
        "input-tensor",
        "log-loss",
        "loss",
        "macs",
        "memory",
        "output-shape",
        "output-size",
        "parameters",
        "parts",
        "probabilities",
        "raw-values",
        "run-loss",
        "runs",
        "sample-loss",
        "samples-per-second",
        "scatter",
        "smoothing",
        "steps",
        "temperature",
        "test",
        "window-picture",
        "x-axis",
    };
    return all;
}

} // namespace gradwright
