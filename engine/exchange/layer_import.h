// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/fold_values.h"
#include "engine/exchange/import_patterns.h"
#include "engine/exchange/made_layers.h"
#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_model.h"
#include "engine/graph/network.h"
#include "engine/support/system_memory.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

// An axis of a value as ONNX sees it is an axis of the layer's own output, by number, or one of
// these.
inline constexpr int kBatchAxis = -1;
inline constexpr int kOneAxis = -2;       ///< of length 1, which the layer's output lacks
inline constexpr int kDirectionAxis = -3; ///< both directions of a recurrent layer

struct RecurrentCell;

/// A value that depends on the sample. Axes that ONNX has moved, added or left out are remembered
/// until a layer needs the value as it is: so the transpositions around layers whose axes lie in
/// another order here (sequences are steps × features, ONNX's are channels first) leave no trace.
struct DataValue {
    PortRef port{}; ///< not of a cell, which makes its layer when it is known what is read of it
    Shape shape{};  ///< of the layer's output
    std::vector<int> axes{};
    std::string hint{}; ///< the name of the node that moved the axes last
    std::shared_ptr<RecurrentCell> cell{};
    /// An axis of the layer's own output that ONNX has joined with the batch: all its places for
    /// the first sample and so on, or the other way round where it is the outer one. Only what
    /// moves axes and what works on rows takes such values, see LayerImport::joinedData().
    std::optional<int> joined{};
    bool isOuter = false;
    int half = -1;               ///< of a cell of both directions: the one that it is
    bool last = false;           ///< of a cell: its state after the last step
    bool isWhole = false;        ///< whole numbers
    std::optional<DType> type{}; ///< as a node of ONNX makes it; else by `isWhole`

    [[nodiscard]] DType elementType() const {
        return type.value_or(isWhole ? DType::I64 : DType::F32);
    }
};

/// Makes layers of a model's nodes. An Error that a translation throws is the reason why its node
/// cannot be opened.
class LayerImport {
public:
    LayerImport(const OnnxModel& model, const OnnxImportOptions& options);
    /// Constants of the model, which is that of the constructor, are freed by run() as soon as all
    /// nodes that read them are layers: so they are in memory once, and cannot be read again.
    void freeConstantsOf(OnnxModel& model) { freed_ = &model; }
    OnnxImport run();

    // What nodes read.
    [[nodiscard]] std::int64_t opset() const { return model_.opset; }
    [[nodiscard]] bool isData(const std::string& name) const { return data_.contains(name); }
    [[nodiscard]] const FoldedValue* folded(const std::string& name) const;
    /// The constant at an input. Throws Error where it is none: "its kernel is not constant".
    [[nodiscard]] const FoldedValue& constant(const OnnxNode& node, std::size_t input,
                                              std::string_view what) const;
    /// Null where the input is left out. Throws Error where it is no constant.
    [[nodiscard]] const FoldedValue* constantOrNull(const OnnxNode& node, std::size_t input,
                                                    std::string_view what) const;
    /// The constant's elements as F32.
    [[nodiscard]] static Tensor weightOf(const FoldedValue& value);
    /// The constant at an input as F32, in the memory that it has in the model where that is freed
    /// and nothing else reads it: it cannot be asked for again.
    [[nodiscard]] Tensor takeWeight(const OnnxNode& node, std::size_t input, std::string_view what);
    /// Throws Error where the input is left out or constant.
    [[nodiscard]] const DataValue& data(const std::string& name) const;
    [[nodiscard]] const DataValue& data(const OnnxNode& node, std::size_t input = 0) const;
    /// The same, where the batch may be joined with an axis.
    [[nodiscard]] const DataValue& joinedData(const OnnxNode& node, std::size_t input = 0) const;
    /// The only node that reads the value, unless it is an output of the model; else null.
    [[nodiscard]] const OnnxNode* soleReader(const std::string& value) const;
    /// Whether `nodes` alone read the value.
    [[nodiscard]] bool isReadBy(const std::string& value,
                                const std::set<const OnnxNode*>& nodes) const;
    /// Whether the value is read as indices alone.
    [[nodiscard]] bool isIndex(const std::string& value) const;
    void requireNoMoreOutputs(const OnnxNode& node, std::size_t outputs) const;

    // What nodes make.
    void set(const std::string& value, DataValue data);
    /// The node has been translated together with another one.
    void consume(const OnnxNode& node) { consumed_.insert(&node); }
    void note(std::string text) { result_.notes.push_back(std::move(text)); }
    /// A name for the layer that stands for the node.
    [[nodiscard]] static std::string nameFor(const OnnxNode& node);

    // Layers.
    /// Adds a layer. Throws Error with the layer's own words where it does not take the inputs.
    std::vector<Operand> addLayer(const std::string& layer, ParamValues params,
                                  std::span<const Operand> inputs, const std::string& name,
                                  LayerWeights weights = {});
    /// The same for a layer of one output.
    Operand add(const std::string& layer, ParamValues params, std::span<const Operand> inputs,
                const std::string& name, LayerWeights weights = {});
    Operand add(const std::string& layer, ParamValues params, const Operand& input,
                const std::string& name, LayerWeights weights = {}) {
        return add(layer, std::move(params), std::span(&input, 1), name, std::move(weights));
    }
    /// A layer that works on each element, or on the value whatever the order of its axes: the
    /// axes stay as they are.
    DataValue onOwn(const DataValue& x, const std::string& layer, ParamValues params,
                    const std::string& name, LayerWeights weights = {});
    /// Sets the activation of the layer that made the value, where it belongs to the same layer of
    /// the exporting program by its name. `nodes` are those that make up the activation.
    bool fuseActivation(const std::string& input, const std::set<const OnnxNode*>& nodes,
                        const OnnxNode& last, const std::string& activation,
                        std::optional<double> slope);
    /// Which layer of the exporting program made the port, if that is known.
    void setGroup(const Operand& made, const std::string& group);
    [[nodiscard]] bool isInGroup(const DataValue& x, const std::string& group) const;
    // To make another layer of one that is there.
    [[nodiscard]] Node& layerOf(PortRef port) { return result_.network.main.at(port.node); }
    void addWeight(const std::string& layer, std::string_view suffix, Tensor values);
    void renameWeight(const std::string& layer, std::string_view from, std::string_view to);

    // Axes.
    [[nodiscard]] std::int64_t lengthAt(const DataValue& x, std::size_t axis) const; ///< batch: -1
    [[nodiscard]] std::vector<std::int64_t> dims(const DataValue& x) const;
    /// Without the batch.
    [[nodiscard]] std::vector<std::int64_t> sampleDims(const DataValue& x) const;
    [[nodiscard]] std::size_t batchAxis(const DataValue& x) const;
    /// `axis` of the node's attribute, counted from 0; throws Error where it is the batch.
    [[nodiscard]] std::size_t sampleAxis(const DataValue& x, std::int64_t axis) const;
    /// The value of a layer that is there: of a recurrent cell, the layer is made now.
    DataValue settled(const DataValue& x);
    /// The value as its layer gives it, whatever ONNX made of its axes.
    Operand own(const DataValue& x);
    /// The value with its axes as ONNX has them, without the batch.
    Operand plain(const DataValue& x);
    /// The batch and the axis that it is joined with beside each other.
    [[nodiscard]] static DataValue parted(const DataValue& x);
    /// A value whose axes are the batch and then those of the layer's output.
    [[nodiscard]] static DataValue value(const Operand& made);
    /// The same with the axes behind the batch in another order.
    [[nodiscard]] static DataValue value(const Operand& made, std::vector<int> axes);
    [[nodiscard]] std::optional<std::int64_t> fixedBatch() const { return fixedBatch_; }

private:
    void look() const {
        if (options_.look)
            options_.look();
    }
    void addInputs();
    void addOutputs();
    /// An axis of all samples that a value of ONNX counts together with the batch.
    struct JoinedBatch {
        std::int64_t rows = 1;
        bool isOuter = false; ///< see DataValue
    };
    struct PartedNode {
        OnnxNode node;
        JoinedBatch joined{};
    };

    void translate(const OnnxNode& node);
    void translateAsItIs(const OnnxNode& node);
    /// The same node on values whose batch is beside the axis that it is joined with, under names
    /// of their own. Nothing where none of its values is joined or another way is known for it;
    /// throws Error where it works along the joined axis.
    std::optional<PartedNode> partedNode(const OnnxNode& node);
    /// A value that such a node gives, as the node itself would.
    [[nodiscard]] DataValue joinedAgain(DataValue x, const JoinedBatch& joined) const;
    /// The node as a layer of its own.
    NodeId keep(const OnnxNode& node);
    /// Layers of attention stand for the layers and nodes that compute the same.
    void foundAttention();
    bool fold(const OnnxNode& node);
    void foldShape(const OnnxNode& node);
    void findNeeded();
    /// The node has read its inputs for the last time.
    void release(const OnnxNode& node);
    void freeConstant(const std::string& name);

    const OnnxModel& model_;
    const OnnxImportOptions& options_;
    FoldBudget budget_;
    OnnxImport result_;
    std::map<std::string, std::vector<const OnnxNode*>, std::less<>> readers_;
    std::set<std::string, std::less<>> outputs_;
    OnnxModel* freed_ = nullptr; ///< model_, or null where it is to stay as it is
    std::map<std::string, std::size_t, std::less<>> unread_; ///< how often values are read yet
    std::set<const OnnxNode*> released_;
    FreedMemory freedMemory_;
    std::map<std::string, OnnxNode*, std::less<>> constants_; ///< nodes of `freed_` by their value
    std::map<std::string, FoldedValue, std::less<>> folded_;
    std::map<std::string, DataValue, std::less<>> data_;
    std::vector<NodeId> keptLayers_; ///< what the nodes in `kept` became
    std::set<const OnnxNode*> needed_, consumed_;
    FoundPatterns patterns_;
    std::map<std::string, Operand> plain_; ///< what plain() has made
    std::map<NodeId, std::string> groups_;
    std::optional<std::int64_t> fixedBatch_;
    std::optional<JoinedBatch> joining_; ///< of the node at hand
};

/// What the node and the graphs within it read.
std::vector<std::string> readsOf(const OnnxNode& node);

/// Which layer of the program that wrote the model a node belongs to: "conv1" of "conv1/Relu", or
/// nothing where its name does not say so.
std::string groupOf(const OnnxNode& node);

using Translation = void (*)(LayerImport& import, const OnnxNode& node);
/// Null for operators that no layer computes.
Translation translationOf(const std::string& op);
using PatternTranslation = void (*)(LayerImport& import, const Pattern& pattern);
PatternTranslation translationOf(PatternKind kind);

// Each family's operators, by name.
using Translations = std::map<std::string, Translation, std::less<>>;
const Translations& windowTranslations();
const Translations& denseTranslations();
const Translations& elementTranslations();
const Translations& mergeTranslations();
const Translations& normalizationTranslations();
const Translations& shapeTranslations(); ///< with those of pieces
const Translations& pieceTranslations();
const Translations& sequenceTranslations();

// What several families need.
/// A number for a formula's text.
std::string formulaNumber(double value);
/// An activation as a layer of its own or within the layer before it.
void importActivation(LayerImport& import, const std::string& input,
                      const std::set<const OnnxNode*>& nodes, const OnnxNode& last,
                      const std::string& activation, ParamValues params = {});
/// The axis of the layer's own output that holds the channels (of a sequence, the features).
std::size_t channelAxis(const Shape& shape);
/// The numbers per channel of x that a constant holds which ONNX would broadcast to it; nothing
/// where it has another shape.
std::optional<Tensor> perChannel(LayerImport& import, const DataValue& x,
                                 const FoldedValue& constant);
/// Sets the node's first output to x under those axes.
void importReshape(LayerImport& import, const OnnxNode& node, const DataValue& x,
                   std::vector<std::int64_t> wanted);

} // namespace gradwright
