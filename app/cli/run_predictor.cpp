// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/run_predictor.h"

#include "app/cli/naming.h"
#include "app/cli/trained_network.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/tables/table.h"
#include "engine/ensembles/saved_baseline.h"
#include "engine/exchange/model/model_file.h"
#include "engine/support/json.h"
#include "engine/training/objective.h"

#include <algorithm>
#include <utility>

namespace gradwright::cli {

RunPredictor::RunPredictor(const std::filesystem::path& path) {
    if (path.extension() == kBaselineEnding)
        openFitted(path);
    else if (isModelFile(path))
        openModelFile(path);
    else
        openRun(path);
    const auto told = static_cast<std::int64_t>(predictor_->classes());
    const auto classes = static_cast<std::int64_t>(info_.classes.size());
    const auto expected = info_.hasClasses() ? classes * info_.labels() : info_.target.elements();
    if (told != expected)
        throw Error("{}: its network tells {} numbers, its data set has {}", path.string(), told,
                    expected);
}

void RunPredictor::openModelFile(const std::filesystem::path& path) {
    const auto model = readModel(path);
    if (!model.data)
        throw Error("{} takes and gives arrays as its network does (infer), since its data are not "
                    "known: {}",
                    path.string(), model.note);
    info_ = *model.data;
    predictor_ = std::make_unique<Predictor>(answeringModel(model),
                                             ComputeTarget{.precision = model.precision});
}

void RunPredictor::openFitted(const std::filesystem::path& path) {
    const auto saved = openBaseline(path);
    info_ = saved.info;
    predictor_ = std::make_unique<Predictor>(saved.answers());
}

void RunPredictor::openRun(const std::filesystem::path& path) {
    const TrainedNetwork network(path);
    info_ = network.info();
    auto model =
        network.model(inferenceGraph(network.project().network, info_, network.project().training));
    const auto weights = weightsOf(model);
    predictor_ = naming(path, [&] {
        return std::make_unique<Predictor>(std::move(model.graph), weights, network.target());
    });
}

RunPredictor::Reading RunPredictor::readingOf(const Tensor& input) {
    auto prediction = predictor_->predict(input);
    if (info_.hasClasses()) {
        auto name = info_.classes[static_cast<std::size_t>(prediction.classIndex)];
        return {std::move(prediction), std::move(name), {}};
    }
    std::vector<double> values(prediction.probabilities.begin(), prediction.probabilities.end());
    for (std::size_t i = 0; i < std::min(values.size(), info_.targetScaling.size()); ++i)
        values[i] = info_.targetScaling[i].restored(values[i]);
    return {std::move(prediction), {}, std::move(values)};
}

RunPredictor::Reading RunPredictor::read(const std::filesystem::path& image) {
    return naming(image, [&] { return readingOf(preparePicture(image, info_).input); });
}

std::vector<RunPredictor::Reading> RunPredictor::readTable(const std::filesystem::path& path) {
    return naming(path, [&] {
        CsvOptions options;
        options.like = info_.reading;
        options.asBefore = !info_.reading;
        const auto table = readCsv(path, options);
        requireImages(table, info_.columns);
        std::vector<Reading> readings;
        for (std::size_t row = 0; row < table.rows(); ++row)
            readings.push_back(
                readingOf(Tensor::of<float>(info_.input, tableInputs(table, row, info_.columns))));
        return readings;
    });
}

std::string RunPredictor::continueText(std::string_view prompt, const TextWish& wish) {
    return gradwright::continueText(*predictor_, info_.classes, prompt, wish);
}

} // namespace gradwright::cli
