// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/data_info_json.h"

#include "engine/data/tables/table_reading_json.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gradwright {
namespace {

constexpr std::array<std::pair<PictureKind, const char*>, 3> kKinds = {
    {{PictureKind::None, "none"}, {PictureKind::Digit, "digit"}, {PictureKind::Whole, "whole"}}};
constexpr std::array<std::pair<PictureFit, const char*>, 3> kFits = {
    {{PictureFit::Crop, "crop"}, {PictureFit::Pad, "pad"}, {PictureFit::Stretch, "stretch"}}};

template <class Names, class Value>
const char* nameIn(const Names& names, Value value) {
    return std::ranges::find(names, value, &Names::value_type::first)->second;
}

template <class Names>
auto valueIn(const Names& names, const Json& json, const char* what) {
    for (const auto& [value, name] : names)
        if (json == name)
            return value;
    throw Error("\"{}\" of the data cannot be {}", what, dumpExcerpt(json));
}

Json toJson(const Preparation& preparation) {
    return {{"size", preparation.size},
            {"binarize", preparation.binarize},
            {"mean", preparation.mean},
            {"deviation", preparation.deviation},
            {"pictures", nameIn(kKinds, preparation.pictures)},
            {"fit", nameIn(kFits, preparation.fit)},
            {"box", preparation.box}};
}

Json toJson(const Scaling& scaling) {
    return Json::array({scaling.mean, scaling.deviation});
}

Scaling scalingFrom(const Json& json) {
    const Scaling scaling{json.at(0).get<double>(), json.at(1).get<double>()};
    if (!(scaling.deviation > 0))
        throw Error("a deviation of the data must be greater than 0, not {}", scaling.deviation);
    return scaling;
}

Preparation preparationFrom(const Json& json) {
    Preparation preparation;
    json.at("size").get_to(preparation.size);
    json.at("binarize").get_to(preparation.binarize);
    json.at("mean").get_to(preparation.mean);
    json.at("deviation").get_to(preparation.deviation);
    json.at("box").get_to(preparation.box);
    preparation.pictures = valueIn(kKinds, json.at("pictures"), "pictures");
    preparation.fit = valueIn(kFits, json.at("fit"), "fit");
    if (preparation.mean.empty() || preparation.deviation.empty() ||
        std::ranges::any_of(preparation.deviation, [](double d) { return !(d > 0); }))
        throw Error("the data need a mean and a deviation greater than 0");
    return preparation;
}

ImageColumn imageColumnFrom(const Json& json) {
    ImageColumn image{Shape(json.at("shape").get<std::vector<std::int64_t>>()),
                      preparationFrom(json.at("preparation"))};
    const auto& shape = image.shape;
    if (shape.rank() != 3 || (shape[0] != 1 && shape[0] != 3) || shape.elements() < 1)
        throw Error("images of the data cannot have the shape {}", toString(shape));
    return image;
}

TableColumn columnFrom(const Json& json) {
    TableColumn column;
    json.at("name").get_to(column.name);
    if (json.contains("image")) {
        column.image = imageColumnFrom(json.at("image"));
        return column;
    }
    if (json.contains("categories")) {
        json.at("categories").get_to(column.categories);
        return column;
    }
    column.scaling = scalingFrom(json.at("scaling"));
    if (json.contains("pixels")) {
        json.at("pixels").get_to(column.pixels);
        return column;
    }
    json.at("missing").get_to(column.missing);
    return column;
}

Json toJson(const TableColumn& column) {
    if (column.image)
        return {{"name", column.name},
                {"image",
                 {{"shape", column.image->shape.dims()},
                  {"preparation", toJson(column.image->preparation)}}}};
    if (column.pixels > 0)
        return {
            {"name", column.name}, {"scaling", toJson(column.scaling)}, {"pixels", column.pixels}};
    if (!column.isNumeric())
        return {{"name", column.name}, {"categories", column.categories}};
    return {
        {"name", column.name}, {"scaling", toJson(column.scaling)}, {"missing", column.missing}};
}

} // namespace

Json toJson(const DataInfo& info) {
    Json json = {{"input", info.input.dims()},
                 {"classes", info.classes},
                 {"preparation", toJson(info.preparation)},
                 {"target", info.target.dims()},
                 {"target_names", info.targetNames}};
    for (const auto& scaling : info.targetScaling)
        json["target_scaling"].push_back(toJson(scaling));
    for (const auto& column : info.columns)
        json["columns"].push_back(toJson(column));
    if (info.reconstructs)
        json["reconstructs"] = true;
    if (info.reading)
        json["reading"] = toJson(*info.reading);
    writeAssignment(info.assignment, json);
    return json;
}

DataInfo dataInfoFromJson(const Json& json) {
    try {
        DataInfo info;
        info.input = Shape(json.at("input").get<std::vector<std::int64_t>>());
        json.at("classes").get_to(info.classes);
        info.preparation = preparationFrom(json.at("preparation"));
        info.target = Shape(json.at("target").get<std::vector<std::int64_t>>());
        json.at("target_names").get_to(info.targetNames);
        if (json.contains("target_scaling"))
            for (const auto& scaling : json["target_scaling"])
                info.targetScaling.push_back(scalingFrom(scaling));
        if (json.contains("columns"))
            for (const auto& column : json["columns"])
                info.columns.push_back(columnFrom(column));
        info.reconstructs = json.value("reconstructs", false);
        if (json.contains("reading"))
            info.reading = tableReadingFromJson(json.at("reading"));
        info.assignment = readAssignment(json);
        return info;
    } catch (const Json::exception& error) {
        throw Error("the description of the data is damaged ({})", error.what());
    }
}

} // namespace gradwright
