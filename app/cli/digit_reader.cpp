// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/digit_reader.h"

#include "app/cli/naming.h"
#include "engine/data/digit.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"

namespace gradwright::cli {

DigitReader::DigitReader(const std::filesystem::path& path) {
    const auto run = RunDirectory::open(path);
    const auto project = projectOfRun(run);
    info_ = openDataset(project.data).info;
    const auto weights = weightsOfRun(run);
    predictor_ = naming(weights, [&] {
        return std::make_unique<Predictor>(inferenceGraph(project.network, project.training),
                                           readCheckpointWeights(weights));
    });
    if (predictor_->classes() != info_.classes.size())
        throw Error("{}: its network tells {} classes apart, its data set has {}", path.string(),
                    predictor_->classes(), info_.classes.size());
}

DigitReader::Reading DigitReader::read(const std::filesystem::path& image) {
    return naming(image, [&] {
        const auto input = applyPreparation(prepareDigit(readImage(image)), info_.preparation);
        auto prediction = predictor_->predict(input);
        auto name = info_.classes[static_cast<std::size_t>(prediction.classIndex)];
        return Reading{std::move(prediction), std::move(name)};
    });
}

} // namespace gradwright::cli
