// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/transfer.h"

#include "engine/data/own_data.h"
#include "engine/exchange/onnx_export.h"
#include "engine/exchange/project_import.h"
#include "engine/exchange/weights/input_conventions.h"
#include "engine/graph/analysis.h"
#include "engine/graph/lower.h"
#include "engine/layers/catalog.h"
#include "engine/project/own_project.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "engine/training/start_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

/// How the images of a run were scaled, where they are whole pictures.
std::optional<ChannelScaling> scalingOfRun(const DataInfo& info) {
    if (info.preparation.pictures != PictureKind::Whole || info.preparation.binarize ||
        info.input.rank() != 3)
        return {};
    const auto channels = static_cast<std::size_t>(info.input[0]);
    const auto each = [&](const std::vector<double>& numbers) {
        return numbers.size() == channels ? numbers : std::vector(channels, numbers.front());
    };
    return ChannelScaling{each(info.preparation.mean), each(info.preparation.deviation)};
}

TransferSource sourceOfRun(const RunDirectory& run) {
    TransferSource source{projectToGoOnWith(run), readCheckpointWeights(weightsOfRun(run)),
                          run.name()};
    if (!source.project.startScaling)
        source.project.startScaling = scalingOfRun(dataInfoOfRun(run));
    return source;
}

/// Values of a weight that the network still has under this key and in this shape.
Weights fittingWeights(const OpGraph& graph, Weights weights, const std::string& without) {
    std::erase_if(weights.values, [&](const auto& entry) {
        const auto spec = std::ranges::find(graph.weights(), entry.first, &WeightSpec::key);
        return spec == graph.weights().end() || spec->shape != entry.second.shape() ||
               entry.first.starts_with(without);
    });
    return weights;
}

class Transfer {
public:
    Transfer(const TransferSource& source, const TransferOptions& options)
        : source_(source)
        , options_(options)
        , made_{source.project, {}, {}} {}

    Transferred run() {
        begin();
        const auto head = lastDense(made_.project.network);
        const auto name = made_.project.network.main.find(head)->name;
        if (!options_.data.empty())
            takeData(options_.freezeUpTo == name);
        freezeLayers(head, name);
        if (options_.bodyRate != 1)
            setBodyRate(head);
        requireRunnable();
        made_.weights = fittingWeights(lower(made_.project.network), source_.weights, name + "/");
        if (made_.weights.values.empty())
            throw Error("{} has no weights for the layers in front of {}", source_.name, name);
        made_.notes.insert(made_.notes.begin(),
                           fmt::format("Starts with {} weights of {}; {} begins anew.",
                                       made_.weights.values.size(), source_.name, name));
        return std::move(made_);
    }

private:
    void begin() {
        auto& project = made_.project;
        project.uuid = newProject().uuid;
        project.earlierRuns.clear();
        project.startWeights.clear();
        project.madeFrom.clear();
        project.description = fmt::format("Starts with the weights of {}.", source_.name);
        // What its own training left alone is chosen anew.
        std::vector<NodeId> all;
        for (const auto& [id, node] : project.network.main.nodes())
            all.push_back(id);
        apply(project.network, unfreeze(project.network, "", all));
    }

    [[nodiscard]] std::optional<Shape> inputShape() const {
        const auto analysis = analyze(made_.project.network);
        std::optional<Shape> shape;
        for (std::size_t i = 0; i < analysis.nodes.size(); ++i)
            if (analysis.flat.nodes[i].layer && analysis.flat.nodes[i].layer->key == "input") {
                if (shape)
                    return {}; // several
                shape = analysis.nodes[i].output;
            }
        return shape;
    }

    /// Images are brought to the size, the colours and the scaling that the network knows.
    void takeData(bool learnsHeadAlone) {
        auto& project = made_.project;
        project.data = dataFrom(options_.data);
        const auto shape = inputShape();
        if (project.data.dataset == "images" && shape && shape->rank() == 3) {
            project.data.params["size"] = IntTuple{(*shape)[1], (*shape)[2]};
            if ((*shape)[0] == 3 || (*shape)[0] == 1)
                project.data.params["channels"] = std::string((*shape)[0] == 3 ? "rgb" : "gray");
            made_.notes.push_back(prepareInputs(project, project.startScaling));
        }
        if (options_.adjust)
            options_.adjust(project.data);
        const auto data = openDataset(project.data);
        apply(project, fitToData(project, data.info));
        project.name = nameOfData();
        project.description += ' ' + describeTask(project.data, data.info);
        chooseTraining(static_cast<std::int64_t>(splitOf(data, project.data).training.size()),
                       learnsHeadAlone);
    }

    [[nodiscard]] std::string nameOfData() const {
        auto name = options_.data.filename();
        if (name.empty())
            name = options_.data.parent_path().filename(); // a folder with a slash behind it
        return (std::filesystem::is_directory(options_.data) ? name : name.stem()).string();
    }

    /// Those of the source were for other data, and mostly for weights that begin anew. Where the
    /// head learns alone, the features of the samples are kept and a step costs next to nothing.
    void chooseTraining(std::int64_t samples, bool learnsHeadAlone) {
        const std::int64_t steps = learnsHeadAlone ? 2000 : 400;
        const std::int64_t mostEpochs = learnsHeadAlone ? 200 : 50;
        constexpr std::int64_t kBatches = 8; ///< an epoch has at least so many, where it can
        auto& training = made_.project.training;
        TrainingSettings fresh;
        fresh.objectives = training.objectives;
        std::int64_t batch = fresh.batch();
        while (batch > 4 && samples < kBatches * batch)
            batch /= 2;
        fresh.params["batch"] = batch;
        const auto perEpoch = std::max<std::int64_t>(1, samples / batch);
        fresh.params["epochs"] = std::clamp<std::int64_t>(steps / perEpoch, 5, mostEpochs);
        if (learnsHeadAlone)
            fresh.params["learning_rate"] = 0.01; // one layer bears more than a whole network
        fresh.schedule = {"cosine", {}};
        for (const auto* const kept : {"device", "precision", "seed"})
            if (const auto value = training.params.find(kept); value != training.params.end())
                fresh.params.insert(*value);
        training = std::move(fresh);
    }

    void freezeLayers(NodeId head, const std::string& headName) {
        if (!options_.freezeUpTo)
            return;
        auto& network = made_.project.network;
        const auto& graph = network.main;
        const auto* const last = graph.findByName(*options_.freezeUpTo);
        if (!last) {
            std::string known;
            for (const auto& [id, node] : graph.nodes())
                known += (known.empty() ? "" : ", ") + node.name;
            throw Error("the network has no layer \"{}\" to freeze up to; there are {}",
                        *options_.freezeUpTo, known);
        }
        auto nodes = nodesUpTo(graph, last->id);
        std::erase(nodes, head);
        FrozenCount count;
        apply(network, freeze(network, "", nodes, options_.statistics));
        for (const auto id : nodes) {
            const auto part = countFrozen(network, "", id);
            count.frozen += part.frozen;
            count.all += part.all;
        }
        if (count.frozen == 0)
            throw Error("no layer up to {} has weights to freeze", *options_.freezeUpTo);
        made_.notes.push_back(
            fmt::format("{} layers are frozen{}.", count.frozen,
                        *options_.freezeUpTo == headName ? ", all in front of " + headName : ""));
    }

    void setBodyRate(NodeId head) {
        if (!(options_.bodyRate > 0) || !std::isfinite(options_.bodyRate))
            throw Error("the learning-rate factor of the body must be greater than 0, not {}; "
                        "freeze layers to leave them alone",
                        options_.bodyRate);
        auto& network = made_.project.network;
        apply(network, setRateFactor(network, options_.bodyRate, {head}));
        made_.notes.push_back(
            fmt::format("The layers before it learn at {} of the rate.", options_.bodyRate));
    }

    void requireRunnable() const {
        const auto analysis = analyze(made_.project.network);
        for (const auto& diagnostic : analysis.diagnostics)
            if (diagnostic.severity == Severity::Error)
                throw Error("the network does not fit these data: {}: {}", diagnostic.place.path,
                            diagnostic.message);
    }

    const TransferSource& source_;
    const TransferOptions& options_;
    Transferred made_;
};

} // namespace

TransferSource transferSource(const std::filesystem::path& from) {
    if (std::filesystem::is_directory(from))
        return sourceOfRun(RunDirectory::open(from));
    if (isForeignModel(from)) {
        auto made = projectFromModel(from);
        return {std::move(made.project), std::move(made.weights), from.filename().string()};
    }
    return transferSource(loadProject(from), from);
}

TransferSource transferSource(const Project& project,
                              const std::optional<std::filesystem::path>& file) {
    if (const auto run = latestTrainedRun(project, file))
        return sourceOfRun(*run);
    if (project.startWeights.empty())
        throw Error("{} has neither been trained nor does it start with weights from elsewhere",
                    file ? file->string() : project.name);
    const auto graph = lower(project.network);
    return {project, startWeightsOf(graph.weights(), project.training.seed(), project.startWeights),
            file ? file->filename().string() : project.name};
}

NodeId lastDense(const Network& network) {
    const auto& graph = network.main;
    const auto outputs = nodesOfLayer(graph, "output");
    if (outputs.size() != 1)
        throw Error("the network has {} Outputs; a start for other data needs one", outputs.size());
    auto at = outputs.front();
    while (const auto* const link = graph.linkInto({at, {0}})) {
        at = link->from.node;
        const auto* const node = graph.find(at);
        const auto* const def = node->layerUse() ? findLayer(node->layerUse()->layer) : nullptr;
        if (def && def->traits.linear)
            return at;
        if (!def || !(def->traits.head || def->traits.passesOn))
            break;
    }
    throw Error("the network does not end in a Dense layer, which would begin anew for other "
                "data; {} is in front of its Output",
                graph.find(at)->name);
}

Transferred startFrom(const TransferSource& source, const TransferOptions& options) {
    return Transfer(source, options).run();
}

} // namespace gradwright
