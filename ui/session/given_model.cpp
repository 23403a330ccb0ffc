// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/given_model.h"

#include "engine/project/runs.h"
#include "engine/quantization/quantized_file.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Of data that are not here.
class NoSamples final : public DataSource {
public:
    explicit NoSamples(const DataInfo& info)
        : shape_(info.input)
        , target_(info.hasClasses() ? Shape{} : info.target)
        , labels_(info.hasClasses() ? info.labels() : 1) {}

    [[nodiscard]] std::int64_t size() const override { return 0; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t /*index*/, std::span<float> /*out*/) const override { refuse(); }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { refuse(); }
    [[nodiscard]] std::int64_t labelsPerSample() const override { return labels_; }
    [[nodiscard]] const Shape& targetShape() const override { return target_; }

private:
    [[noreturn]] static void refuse() { throw Error("there are no samples"); }

    Shape shape_, target_;
    std::int64_t labels_;
};

/// The data set of a file, or its description alone.
void findData(TrainedModel& model, const DataInfo& info, const std::filesystem::path& file) {
    try {
        model.data = std::make_shared<const Dataset>(dataLike(model.choice, info, file));
        return;
    } catch (const std::exception& error) {
        model.noSamples = error.what();
    }
    const auto none = std::make_shared<const NoSamples>(info);
    Dataset data{.info = info, .training = none, .test = none};
    if (!info.columns.empty())
        data.table = std::make_shared<const TableSummary>();
    model.data = std::make_shared<const Dataset>(std::move(data));
}

std::string weightsOfText(const char* what, const std::string& run) {
    return run.empty() ? fmt::format("{}, untrained", what) : fmt::format("{}, of {}", what, run);
}

template <class O>
bool hasOp(const OpGraph& graph) {
    return std::ranges::any_of(
        graph.ops(), [](const Op& op) { return std::holds_alternative<O>(op.attributes); });
}

/// What an optimized model is called beside its run.
const char* kindOf(const OpGraph& graph) {
    if (hasOp<QuantizedProductOp>(graph))
        return "INT8";
    return hasOp<PackedDenseOp>(graph) ? "INT4" : "optimized";
}

AnsweringFile openOptimized(const std::filesystem::path& file) {
    const auto opened = readModel(file);
    if (!opened.data)
        throw Error("{} takes and gives arrays, since its data are not known: {}. The Inference "
                    "page cannot feed it; \"gradwright-cli infer {} --input NAME=FILE.npy\" does.",
                    file.string(), opened.note, file.string());
    AnsweringFile made{.model = {}, .project = opened.project, .run = opened.run.value_or("")};
    auto& model = made.model;
    model.weightsTitle = weightsOfText(kindOf(opened.evaluation.graph), made.run);
    model.choice = opened.project.data;
    model.optimized = std::make_shared<const InferenceModel>(answeringModel(opened));
    model.target = {.precision = opened.precision};
    findData(model, *opened.data, file);
    return made;
}

AnsweringFile openIntegers(const std::filesystem::path& file) {
    const auto opened = readQuantizedFile(file);
    AnsweringFile made{.model = {}, .project = opened.project, .run = opened.run};
    auto& model = made.model;
    model.weightsTitle = weightsOfText("INT8", made.run);
    model.choice = opened.project.data;
    try {
        model.optimized = std::make_shared<const InferenceModel>(quantizedModel(
            inferenceGraph(opened.project.network, opened.data, opened.project.training), opened));
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
    findData(model, opened.data, file);
    return made;
}

} // namespace

bool isAnsweringFile(const std::filesystem::path& file) {
    if (isModelFile(file))
        return true;
    try {
        return isQuantizedFile(file);
    } catch (const Error&) {
        return false; // whoever opens it as weights says what is wrong
    }
}

AnsweringFile openAnsweringFile(const std::filesystem::path& file) {
    auto made = isModelFile(file) ? openOptimized(file) : openIntegers(file);
    made.model.name = file.filename().string();
    made.model.run = file;
    return made;
}

TrainedModel modelInIntegers(const QuantizableRun& run, const InferenceModel& quantized,
                             const std::string& of, const std::string& key) {
    TrainedModel model;
    const std::string kind = kindOf(quantized.graph);
    model.name = of + ", " + kind;
    model.run = key;
    model.weightsTitle = kind + ", not saved";
    model.choice = run.project.data;
    model.optimized = std::make_shared<const InferenceModel>(
        answeringModel(modelInIntegers(run.run, run.graph, quantized)));
    model.data = std::make_shared<const Dataset>(run.data);
    return model;
}

} // namespace gradwright
