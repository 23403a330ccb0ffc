// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/ensembles/stacking.h"

#include "engine/classical/baseline.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Adds values of one model to columns of rows, `columns` from `first` on.
template <typename Values>
void addColumns(Samples& rows, std::span<const std::uint32_t> samples, std::size_t first,
                std::size_t columns, const Values& values, double share) {
    for (std::size_t n = 0; n < samples.size(); ++n)
        for (std::size_t i = 0; i < columns; ++i)
            rows.inputs[samples[n] * rows.features + first + i] +=
                static_cast<float>(share * static_cast<double>(values[n * columns + i]));
}

Samples emptyRows(const DataSource& source, std::size_t classes, std::size_t models) {
    Samples rows;
    rows.features = classes * models;
    rows.classes = classes;
    const auto count = static_cast<std::size_t>(source.size());
    rows.inputs.resize(count * rows.features);
    for (std::size_t n = 0; n < count; ++n)
        rows.labels.push_back(source.label(static_cast<std::int64_t>(n)));
    return rows;
}

/// What the network says of samples of its data.
std::vector<float> networkAnswers(const Member& member,
                                  const std::shared_ptr<const DataSource>& source,
                                  const std::vector<std::uint32_t>& indices, const Watch& watch) {
    auto measured = member.measure(source, indices, watch.stop);
    if (!measured)
        throw FitStopped{};
    return std::move(measured->outcomes.outputs);
}

} // namespace

std::vector<const MethodDef*> stackedMethods(std::string_view text) {
    std::vector<const MethodDef*> methods;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        auto key = text.substr(0, comma);
        while (key.starts_with(' '))
            key.remove_prefix(1);
        while (key.ends_with(' '))
            key.remove_suffix(1);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto& method = classicalMethod(key);
        if (!method.forClasses || !method.givesProbabilities)
            throw Error("{} cannot be stacked: it gives no probabilities of classes", key);
        methods.push_back(&method);
    }
    return methods;
}

Outcomes stackedAnswers(std::span<const Member> members,
                        const std::vector<const MethodDef*>& methods, std::uint64_t seed,
                        const Watch& watch) {
    const auto first = members.front().data();
    const auto classes = first.info.classes.size();
    if (classes == 0 || first.info.labels() > 1)
        throw Error("stacking is for samples with one class each");
    auto learned = emptyRows(*first.training, classes, methods.size() + 1);
    auto asked = emptyRows(*first.test, classes, methods.size() + 1);
    const auto share = 1.0 / static_cast<double>(members.size());
    std::vector<std::uint32_t> seen;
    for (std::size_t fold = 0; fold < members.size(); ++fold) {
        watch.reach(share * static_cast<double>(fold));
        const auto& member = members[fold];
        const auto data = member.data(); // scaled by what this fold's training part says
        const auto split = splitOf(data, member.project().data);
        const auto test = allIndices(*data.test);
        seen.insert(seen.end(), split.validation.begin(), split.validation.end());
        addColumns(learned, split.validation, 0, classes,
                   networkAnswers(member, data.training, split.validation, watch), 1);
        addColumns(asked, test, 0, classes, networkAnswers(member, data.test, test, watch), share);
        if (methods.empty())
            continue;
        const Watch quiet{watch.stop, {}};
        const auto training = samplesOf(*data.training, split.training, data.info, quiet);
        const auto heldOut = samplesOf(*data.training, split.validation, data.info, quiet);
        const auto testRows = samplesOf(*data.test, test, data.info, quiet);
        for (std::size_t m = 0; m < methods.size(); ++m) {
            const auto model = fitMethod(*methods[m], training, {}, seed, quiet);
            addColumns(learned, split.validation, (m + 1) * classes, classes,
                       answersOf(*model, heldOut, quiet), 1);
            addColumns(asked, test, (m + 1) * classes, classes, answersOf(*model, testRows, quiet),
                       share);
        }
    }
    std::ranges::sort(seen);
    const auto model =
        fitMethod(classicalMethod("logistic"), learned.picked(seen), {}, seed, watch);
    return outcomesOf(asked, answersOf(*model, asked, {watch.stop, {}}));
}

} // namespace gradwright
