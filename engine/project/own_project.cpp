// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/own_project.h"

#include "engine/data/own_data.h"
#include "engine/data/tables/table_params.h"
#include "engine/layers/catalog.h"
#include "engine/project/templates.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/training/feeds.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

constexpr double kRowPitch = 88; ///< from one layer to the next below it, as templates have it
constexpr double kColumnPitch = 256;
constexpr std::int64_t kSteps = 2'000; ///< of a training, about

// ---- networks

/// Puts layers below one another.
class Drawing {
public:
    explicit Drawing(Project& project)
        : project_(&project) {}

    /// Behind the layers `from`; the name gives way to a free one where it is taken.
    NodeId add(std::string_view key, std::string_view name, ParamValues params,
               std::initializer_list<NodeId> from) {
        auto& graph = project_->network.main;
        Node node{graph.freshNodeId(),
                  whyNotName(graph, name) ? graph.freshName(key) : std::string(name),
                  LayerUse{std::string(key)}, std::move(params)};
        const auto id = node.id;
        apply(*project_, {NetworkEdit{AddNode{"", std::move(node)}}});
        std::uint32_t port = 0;
        double row = 0;
        for (const auto source : from) {
            const Link link{.id = graph.freshLinkId(), .from = {source, {0}}, .to = {id, {port++}}};
            apply(*project_, {NetworkEdit{AddLink{"", link}}});
            row = std::max(row, at(source).y + kRowPitch);
        }
        const double column = from.size() == 1 ? at(*from.begin()).x : column_;
        apply(*project_, {MoveNodes{"", {{id, Point{column, row}}}}});
        return id;
    }
    /// Of layers that follow none, or several.
    void setColumn(double column) { column_ = column; }

private:
    [[nodiscard]] Point at(NodeId id) const { return project_->canvas.positions.at("").at(id); }

    Project* project_;
    double column_ = 0;
};

ParamValues activated(std::string_view key, std::int64_t count) {
    return {{std::string(key), count}, {"activation", std::string("relu")}};
}

/// Two layers, the wider the more samples there are to learn from.
NodeId addHidden(Drawing& drawing, NodeId source, std::int64_t samples) {
    constexpr std::int64_t kFewSamples = 500;
    constexpr std::int64_t kManySamples = 20'000;
    const std::int64_t width = samples < kFewSamples ? 32 : samples < kManySamples ? 64 : 128;
    const auto first = drawing.add("dense", "hidden1", activated("units", width), {source});
    return drawing.add("dense", "hidden2", activated("units", width / 2), {first});
}

/// 3×3 convolutions with as many filters again after each halving, down to 8 px a side.
NodeId addConvolutions(Drawing& drawing, NodeId source, const Shape& image) {
    constexpr std::int64_t kFirstFilters = 32;
    constexpr std::int64_t kMostFilters = 128;
    constexpr std::int64_t kLastSide = 8;
    auto side = std::min(image[1], image[2]);
    auto filters = kFirstFilters;
    auto last = source;
    for (int stage = 1;; ++stage) {
        auto params = activated("filters", filters);
        params["padding"] = std::string("same");
        last = drawing.add("conv2d", fmt::format("conv{}", stage), std::move(params), {last});
        if (side <= kLastSide)
            break;
        last = drawing.add("max-pool2d", fmt::format("pool{}", stage), {}, {last});
        side /= 2;
        filters = std::min(2 * filters, kMostFilters);
    }
    last = drawing.add("global-average-pool", "pool", {}, {last});
    return drawing.add("dropout", "dropout", {{"rate", 0.25}}, {last});
}

void addHead(Drawing& drawing, NodeId source, const DataInfo& data, const std::string& name) {
    const auto units =
        data.hasClasses() ? static_cast<std::int64_t>(data.classes.size()) : data.target.elements();
    auto last = drawing.add("dense", data.hasClasses() ? "scores" : "estimate", {{"units", units}},
                            {source});
    if (data.hasClasses())
        last = drawing.add("softmax", "probabilities", {}, {last});
    drawing.add("output", name, {}, {last});
}

ParamValues shapeOf(const Shape& shape) {
    return {{"shape", IntTuple(shape.dims())}};
}

/// Images and numbers from one table: an Input each.
void drawMixed(Project& project, const DataInfo& data, std::int64_t samples,
               const std::string& output) {
    std::vector<std::string> images;
    std::vector<std::string> values;
    Shape image;
    std::int64_t width = 0;
    for (const auto& column : data.columns) {
        (column.image ? images : values).push_back(column.name);
        if (!column.image)
            width += static_cast<std::int64_t>(column.inputs());
        else if (images.size() == 1)
            image = column.image->shape;
        else
            image[0] += column.image->shape[0];
    }
    Drawing drawing(project);
    const auto pictures = drawing.add("input", "image", shapeOf(image), {});
    const auto seen = addConvolutions(drawing, pictures, image);
    drawing.setColumn(kColumnPitch);
    const auto numbers = drawing.add("input", "values", shapeOf({width}), {});
    const auto known = addHidden(drawing, numbers, samples);
    drawing.setColumn(0);
    const auto both = drawing.add("concatenate", "joined", {}, {seen, known});
    addHead(drawing, drawing.add("dense", "hidden", activated("units", 64), {both}), data, output);
    project.data.assignment.inputs = {{"image", images}, {"values", values}};
}

/// From a template, of which the ends alone change.
void takeTemplate(Project& project, std::string_view key, const DataInfo& data) {
    auto made = openTemplate(key);
    project.network = std::move(made.network);
    project.canvas = std::move(made.canvas);
    project.training = std::move(made.training);
    apply(project, fitToData(project, data));
}

bool suitsLeNet(const Shape& image) {
    constexpr std::int64_t kSmallest = 12; // what the second convolution needs
    constexpr std::int64_t kLargest = 40;
    return image[0] == 1 && std::min(image[1], image[2]) >= kSmallest &&
           std::max(image[1], image[2]) <= kLargest;
}

void drawForImages(Project& project, const DataInfo& data, std::int64_t samples,
                   const std::string& output) {
    constexpr std::int64_t kTiny = 12;
    if (data.hasClasses() && suitsLeNet(data.input))
        return takeTemplate(project, "lenet-5", data);
    Drawing drawing(project);
    const auto image = drawing.add("input", "image", shapeOf(data.input), {});
    const bool isTiny = std::min(data.input[1], data.input[2]) < kTiny;
    addHead(drawing,
            isTiny ? addHidden(drawing, drawing.add("flatten", "flatten", {}, {image}), samples)
                   : addConvolutions(drawing, image, data.input),
            data, output);
}

/// A name for the Output, in which only some letters may be.
std::string outputName(const DataChoice& choice, const DataInfo& data) {
    auto name = data.targetNames.size() == 1 ? data.targetNames.front() : std::string();
    if (choice.dataset == "csv" && data.hasClasses())
        name = targetsOf(choice, {}).empty() ? "" : targetsOf(choice, {}).front();
    std::ranges::replace(name, ' ', '_');
    const auto* const plain = data.hasClasses() ? "class" : "value";
    return whyNotName({}, name) || name == "output" ? plain : name;
}

/// The L2 penalty for so many samples. The numbers were found on a dozen small real tables, where a
/// network without it fell behind linear models (`./dev bench tables`).
double penaltyFor(std::int64_t samples) {
    constexpr double kMost = 0.02;
    constexpr double kLeast = 5e-4;
    constexpr double kOfOneSample = 5;
    const double penalty = std::min(kMost, kOfOneSample / static_cast<double>(samples));
    return penalty < kLeast ? 0 : std::round(penalty * 1000) / 1000;
}

void chooseSettings(Project& project, const DataInfo& data, std::int64_t samples) {
    constexpr std::int64_t kBatches = 8; ///< an epoch has at least so many, where it can
    auto& training = project.training;
    const bool isText = data.target.rank() > 0 && data.hasClasses();
    const bool isTable = data.input.rank() == 1 && !isText;
    auto batch = training.batch();
    while (batch > 4 && samples < kBatches * batch)
        batch /= 2;
    const auto perEpoch = std::max<std::int64_t>(1, samples / batch);
    training.params["batch"] = batch;
    training.params["epochs"] = std::clamp<std::int64_t>(kSteps / perEpoch, 5, 200);
    if (isTable) {
        training.params["learning_rate"] = 0.003;
        training.params["threads"] = std::int64_t{1}; // steps are too short to be shared
        if (const double penalty = penaltyFor(samples); penalty > 0)
            training.params["l2"] = penalty;
    }
    training.schedule = {"cosine", {}};
    if (!data.hasClasses())
        training.objectives.front().loss = {"mean-squared-error", {}};
}

// ---- fitting

class Fitter {
public:
    Fitter(const Project& project, const DataInfo& data)
        : project_(project)
        , data_(data)
        , graph_(project.network.main) {}

    ProjectEdit run() {
        fitScaling();
        fitInput();
        fitOutput();
        return {std::move(edits_)};
    }

private:
    void set(NodeId node, const std::string& param, ParamValue value) {
        const auto* const layer = graph_.find(node);
        const auto& def = gradwright::layer(layer->layerUse()->layer);
        if (Params(def.params, layer->params).value(param) != value)
            edits_.push_back({NetworkEdit{SetParam{"", node, param, std::move(value)}}});
    }

    /// Weights from elsewhere expect images that are scaled as those were that they learned from.
    void fitScaling() {
        const auto& scaling = project_.startScaling;
        if (!scaling || project_.data.dataset != "images" ||
            project_.data.params.contains("normalize") ||
            std::cmp_not_equal(scaling->mean.size(), data_.input[0]))
            return;
        auto data = project_.data;
        setGivenScaling(data.params, *scaling);
        edits_.push_back({SetData{std::move(data)}});
    }

    [[nodiscard]] const LayerDef* defOf(NodeId id) const {
        const auto* const use = graph_.find(id)->layerUse();
        return use ? findLayer(use->layer) : nullptr;
    }

    void fitInput() {
        const auto inputs = nodesOfLayer(graph_, "input");
        if (inputs.size() != 1 || !project_.data.assignment.empty() || isMixed(data_))
            return;
        set(inputs.front(), "shape", IntTuple(data_.input.dims()));
        if (data_.target.rank() == 0 || !data_.hasClasses())
            return;
        // Letters are numbers of a vocabulary.
        for (const auto& [id, link] : graph_.links())
            if (link.from.node == inputs.front())
                if (const auto* const def = defOf(link.to.node); def && def->key == "embedding")
                    set(link.to.node, "vocabulary",
                        static_cast<std::int64_t>(data_.classes.size()));
    }

    void fitOutput() {
        const auto outputs = nodesOfLayer(graph_, "output");
        if (outputs.size() != 1 || project_.training.objectives.size() != 1)
            return;
        const bool isVector = data_.hasClasses() || data_.target.rank() == 1;
        const auto units = data_.hasClasses() ? static_cast<std::int64_t>(data_.classes.size())
                                              : data_.target.elements();
        bool endsInHead = false;
        auto at = outputs.front();
        for (const auto* link = graph_.linkInto({at, {0}}); link != nullptr && isVector;
             link = graph_.linkInto({at, {0}})) {
            at = link->from.node;
            const auto* const def = defOf(at);
            if (def && def->traits.linear)
                fitLast(at, units);
            else if (def && def->traits.head)
                endsInHead = true;
            if (def && def->traits.head && !data_.hasClasses())
                remove(at);
            if (!def || !(def->traits.head || def->traits.passesOn))
                break;
        }
        fitLoss(endsInHead);
    }

    /// Values behind a Softmax are a choice that somebody made: they stay.
    void fitLoss(bool endsInHead) {
        auto training = project_.training;
        auto& chosen = training.objectives.front().loss;
        const auto& def = loss(chosen.key);
        const bool isForValues =
            def.target == TargetKind::Values && def.head == Head::None && !endsInHead;
        if (data_.hasClasses() && isForValues)
            chosen = {"softmax-cross-entropy", {}};
        else if (!data_.hasClasses() && def.target == TargetKind::ClassIndex)
            chosen = {"mean-squared-error", {}};
        else
            return;
        edits_.push_back({SetTraining{std::move(training)}});
    }

    /// A single sigmoid decides between two classes as well as two units.
    void fitLast(NodeId dense, std::int64_t units) {
        const auto& key = project_.training.objectives.front().loss.key;
        const bool decidesAlone = loss(key).head == Head::Sigmoid && units == 2;
        const auto& params = gradwright::layer("dense").params;
        if (decidesAlone && Params(params, graph_.find(dense)->params).integer("units") == 1)
            return;
        set(dense, "units", units);
    }

    /// What fed it feeds what it fed.
    void remove(NodeId id) {
        const auto* const before = graph_.linkInto({id, {0}});
        if (!before)
            return;
        NetworkEdit::Group group{{RemoveLink{"", before->id}}};
        std::vector<PortRef> readers;
        for (const auto link : graph_.linksOf(id))
            if (graph_.find(link)->from.node == id) {
                readers.push_back(graph_.find(link)->to);
                group.push_back({RemoveLink{"", link}});
            }
        group.push_back({RemoveNode{"", id}});
        auto fresh = graph_.freshLinkId();
        for (const auto& reader : readers) {
            group.push_back({AddLink{"", Link{.id = fresh, .from = before->from, .to = reader}}});
            ++fresh.value;
        }
        edits_.push_back({MoveNodes{"", {{id, std::nullopt}}}});
        edits_.push_back({NetworkEdit{std::move(group)}});
    }

    const Project& project_;
    const DataInfo& data_;
    const Graph& graph_;
    ProjectEdit::Group edits_;
};

} // namespace

ProjectEdit fitToData(const Project& project, const DataInfo& data) {
    return Fitter(project, data).run();
}

std::string describeTask(const DataChoice& choice, const DataInfo& data) {
    if (data.target.rank() > 0 && data.hasClasses())
        return fmt::format("Predicts the next of {} characters.", data.classes.size());
    if (choice.dataset != "csv")
        return fmt::format("Tells {} classes of {}×{} images apart.", data.classes.size(),
                           data.input[1], data.input[2]);
    auto target = columnList(targetsOf(choice, {}));
    if (data.hasClasses())
        target += fmt::format(" ({} classes)", data.classes.size());
    return fmt::format("Predicts {} from {}.", target, counted(data.columns.size(), "column"));
}

namespace {

/// The columns whose dates are split, by the names that the file gives them.
std::vector<std::string> splitDatesOf(DataChoice data) {
    const auto found = data.params.find("dates");
    if (found == data.params.end() || found->second != ParamValue(std::string("parts")))
        return {};
    data.params.erase(found);
    std::vector<std::string> names;
    if (const auto profile = tableProfile(data))
        for (const auto& column : profile->columns)
            if (column.whyUseless == "dates")
                names.push_back(column.name);
    return names;
}

/// A column that becomes the target, or dates that are split, are no more left out for what was
/// detected of them.
void takeAdjusted(DataChoice& data, const std::function<void(DataChoice&)>& adjust) {
    const auto detected = data.params;
    adjust(data);
    const auto found = detected.find("ignore");
    if (data.dataset != "csv" || found == detected.end() || data.params["ignore"] != found->second)
        return;
    auto ignored = ignoredBy(data);
    const auto targets = targetsOf(data, {});
    const auto dates = splitDatesOf(data);
    std::erase_if(ignored, [&](const std::string& name) {
        return std::ranges::find(targets, name) != targets.end() ||
               std::ranges::find(dates, name) != dates.end();
    });
    data.params["ignore"] = columnList(ignored);
}

} // namespace

Project projectForData(const std::filesystem::path& path,
                       const std::function<void(DataChoice&)>& adjust) {
    return projectForData(std::vector{path}, adjust);
}

Project projectForData(const std::vector<std::filesystem::path>& files,
                       const std::function<void(DataChoice&)>& adjust) {
    const auto& path = files.front();
    auto project = newProject();
    project.data = dataFrom(files);
    if (adjust)
        takeAdjusted(project.data, adjust);
    const auto data = openDataset(project.data);
    const auto& info = data.info;
    const auto samples = splitOf(data, project.data).training.size();
    const auto count = static_cast<std::int64_t>(samples);
    const auto output = outputName(project.data, info);
    if (info.hasClasses() && info.target.rank() > 0)
        takeTemplate(project, "character-lstm", info);
    else if (isMixed(info))
        drawMixed(project, info, count, output);
    else if (info.input.rank() == 3)
        drawForImages(project, info, count, output);
    else {
        Drawing drawing(project);
        const auto row = drawing.add("input", "row", shapeOf(info.input), {});
        addHead(drawing, addHidden(drawing, row, count), info, output);
    }
    chooseSettings(project, info, count);
    auto name = path.filename();
    if (name.empty())
        name = path.parent_path().filename(); // a folder with a slash behind it
    if (!std::filesystem::is_directory(path)) {
        if (name.extension() == ".gz")
            name = name.stem();
        name = name.stem();
    }
    project.name = name.string();
    project.description = describeTask(project.data, info);
    return project;
}

} // namespace gradwright
