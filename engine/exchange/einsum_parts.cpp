// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/einsum_parts.h"

#include "engine/exchange/known_ranks.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <span>

namespace gradwright {
namespace {

/// The axes of a term: letters; below 0 those that dots stand for, counted from the last one.
using Labels = std::vector<int>;
/// All axes that dots stand for, where nobody knows how many there are.
constexpr int kDots = std::numeric_limits<int>::min();

bool hasLabel(const Labels& labels, int label) {
    return std::ranges::find(labels, label) != labels.end();
}

Labels without(const Labels& labels, const Labels& others) {
    Labels rest;
    for (const int label : labels)
        if (!hasLabel(others, label))
            rest.push_back(label);
    return rest;
}

Labels commonOf(const Labels& labels, const Labels& others) {
    return without(labels, without(labels, others));
}

Labels joinedLabels(std::initializer_list<std::span<const int>> parts) {
    Labels all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

struct EinsumTerm {
    std::string value;
    Labels labels;
};

/// What an Add adds to the value.
std::string otherOf(const OnnxNode& add, const std::string& value) {
    return add.inputs.at(add.inputs.at(0) == value ? 1 : 0);
}

/// Makes the nodes that stand for one Einsum. What it cannot write it throws.
class EinsumWriter {
public:
    /// `bias`: an Add that alone reads the node's result, and the constant that it adds; or null.
    EinsumWriter(OnnxModel& model, const OnnxNode& node, const KnownRanks& ranks,
                 std::set<std::string>& taken, const OnnxNode* bias)
        : model_(model)
        , node_(node)
        , ranks_(ranks)
        , taken_(taken)
        , bias_(bias) {}

    std::vector<OnnxNode> write() {
        readEquation();
        auto made = terms_.front();
        for (std::size_t i = 1; i < terms_.size(); ++i) {
            // Letters that nothing behind the product has are summed with it.
            auto later = wanted_;
            for (std::size_t j = i + 1; j < terms_.size(); ++j)
                later.insert(later.end(), terms_[j].labels.begin(), terms_[j].labels.end());
            made = product(made, terms_[i], later);
        }
        made = ordered(summed(std::move(made), wanted_), wanted_);
        if (nodes_.empty()) // it does nothing
            made.value = add("Identity", {made.value});
        nodes_.back().outputs = {(hasBias_ ? *bias_ : node_).outputs.at(0)};
        return std::move(nodes_);
    }
    /// Whether what the nodes make is what the Add makes.
    [[nodiscard]] bool hasBias() const { return hasBias_; }

    [[nodiscard]] std::optional<std::size_t> rank() const {
        return hasLabel(wanted_, kDots) ? std::nullopt : std::optional(wanted_.size());
    }
    /// Constants that the nodes read.
    void addConstants() {
        for (auto& [name, tensor] : constants_)
            model_.initializers.insert_or_assign(name, std::move(tensor));
    }

private:
    void readEquation() {
        std::string text;
        for (const char c : node_.text("equation", ""))
            if (c != ' ')
                text += c;
        const auto arrow = text.find("->");
        const auto left = text.substr(0, arrow);
        std::size_t begin = 0;
        for (std::size_t i = 0;; ++i) {
            const auto end = std::min(left.find(',', begin), left.size());
            if (i >= node_.inputs.size() || !node_.hasInput(i))
                throw Error("it has another number of inputs than terms");
            terms_.push_back({node_.inputs[i], labelsOf(left.substr(begin, end - begin),
                                                        ranks_.at(node_.inputs[i]))});
            if (end == left.size())
                break;
            begin = end + 1;
        }
        if (terms_.size() != node_.inputs.size())
            throw Error("it has another number of inputs than terms");
        Labels dots;
        for (const auto& term : terms_)
            for (const int label : term.labels)
                if (label < 0 && !hasLabel(dots, label))
                    dots.push_back(label);
        std::ranges::sort(dots); // the farthest from the last one first
        if (hasLabel(dots, kDots) && dots.size() > 1)
            throw Error("the axes of some of its dots are not known");
        if (arrow != std::string::npos) {
            wanted_ = letters(text.substr(arrow + 2), dots);
        } else {
            wanted_ = dots;
            for (int letter = 'A'; letter <= 'z'; ++letter) {
                std::ptrdiff_t count = 0;
                for (const auto& term : terms_)
                    count += std::ranges::count(term.labels, letter);
                if (count == 1)
                    wanted_.push_back(letter);
            }
        }
        for (const int label : wanted_)
            if (std::ranges::none_of(
                    terms_, [&](const auto& term) { return hasLabel(term.labels, label); }))
                throw Error("its output has a letter that no term has");
    }

    static Labels labelsOf(const std::string& text, std::optional<std::size_t> rank) {
        const auto dots = text.find("...");
        if (dots == std::string::npos)
            return letters(text, {});
        if (!rank)
            return letters(text, {kDots});
        if (*rank + 3 < text.size())
            throw Error("a term has more letters than axes");
        Labels axes;
        for (auto left = *rank + 3 - text.size(); left > 0; --left)
            axes.push_back(-static_cast<int>(left));
        return letters(text, axes);
    }

    static Labels letters(const std::string& text, const Labels& dots) {
        Labels labels;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text.compare(i, 3, "...") == 0) {
                labels.insert(labels.end(), dots.begin(), dots.end());
                i += 2;
                continue;
            }
            if (std::isalpha(static_cast<unsigned char>(text[i])) == 0)
                throw Error("its equation is none");
            if (hasLabel(labels, text[i]))
                throw Error("it takes a diagonal");
            labels.push_back(text[i]);
        }
        return labels;
    }

    std::string fresh(const std::string& what) {
        auto name = node_.outputs.at(0) + '/' + what;
        for (int i = 2; !taken_.insert(name).second; ++i)
            name = fmt::format("{}/{}_{}", node_.outputs[0], what, i);
        return name;
    }

    std::string add(const std::string& op, std::vector<std::string> inputs,
                    std::map<std::string, OnnxAttributeValue, std::less<>> attributes = {}) {
        OnnxNode node;
        // The product is what the layer is called by.
        node.name = op == "MatMul" ? node_.name : node_.shortTitle() + '/' + op;
        node.op = op;
        node.inputs = std::move(inputs);
        node.outputs = {fresh(op)};
        node.attributes = std::move(attributes);
        nodes_.push_back(std::move(node));
        return nodes_.back().outputs.front();
    }

    /// Axes are an attribute or, since operator set 13, an input.
    std::string addWithAxes(const std::string& op, const std::string& value,
                            const std::vector<std::int64_t>& axes,
                            std::map<std::string, OnnxAttributeValue, std::less<>> more = {}) {
        if (model_.opset < 13) {
            more["axes"] = axes;
            return add(op, {value}, std::move(more));
        }
        return add(op, {value, constant(axes)}, std::move(more));
    }

    std::string constant(const std::vector<std::int64_t>& values) {
        const auto name = fresh("axes");
        constants_.emplace_back(name,
                                OnnxTensor{std::make_shared<const Tensor>(Tensor::of<std::int64_t>(
                                               {static_cast<std::int64_t>(values.size())}, values)),
                                           {}});
        return name;
    }

    EinsumTerm ordered(EinsumTerm term, const Labels& order) {
        if (term.labels == order)
            return term;
        if (hasLabel(term.labels, kDots))
            throw Error("the axes of its dots would change places, and are not known");
        std::vector<std::int64_t> places;
        for (const int label : order)
            places.push_back(std::ranges::find(term.labels, label) - term.labels.begin());
        return {add("Transpose", {term.value}, {{"perm", places}}), order};
    }

    /// Without the letters that `kept` lacks.
    EinsumTerm summed(EinsumTerm term, const Labels& kept) {
        const auto gone = without(term.labels, kept);
        if (gone.empty())
            return term;
        if (hasLabel(gone, kDots))
            throw Error("the axes of its dots would be summed, and are not known");
        std::vector<std::int64_t> axes;
        for (const int label : gone) // from the end, as dots stand in front
            axes.push_back((std::ranges::find(term.labels, label) - term.labels.end()));
        return {addWithAxes("ReduceSum", term.value, axes, {{"keepdims", std::int64_t{0}}}),
                without(term.labels, gone)};
    }

    /// The term as axes in that order, with 1 for those that it lacks, but for the first ones,
    /// which are broadcast.
    std::string spread(EinsumTerm term, const Labels& order) {
        term = ordered(std::move(term), commonOf(order, term.labels));
        std::vector<std::int64_t> axes;
        std::size_t seen = 0;
        for (std::size_t i = 0; i < order.size(); ++i)
            if (hasLabel(term.labels, order[i]))
                ++seen;
            else if (seen > 0)
                axes.push_back(static_cast<std::int64_t>(i) -
                               static_cast<std::int64_t>(order.size()));
        return axes.empty() ? term.value : addWithAxes("Unsqueeze", term.value, axes);
    }

    /// Letters of the depth, which stand last, as one axis.
    std::string deep(const std::string& value, std::size_t before, std::size_t depth) {
        if (depth == 1)
            return value;
        std::vector<std::int64_t> lengths(before, 0); // as they are
        lengths.push_back(-1);
        return add("Reshape", {value, constant(lengths)});
    }

    /// A product with weights of several rows or columns, as one with a matrix.
    EinsumTerm weighted(EinsumTerm a, const EinsumTerm& b, const Shape& shape, const Labels& depth,
                        const Labels& columns) {
        const auto rows = without(a.labels, depth);
        if (hasLabel(rows, kDots))
            throw Error("the axes of its dots are not known");
        std::vector<std::int64_t> lengths(rows.size(), 0);
        std::int64_t width = 1;
        for (const int label : columns) {
            const auto place =
                static_cast<std::size_t>(std::ranges::find(b.labels, label) - b.labels.begin());
            if (place >= shape.rank())
                throw Error("a term has more letters than axes");
            lengths.push_back(shape[place]);
            width *= shape[place];
        }
        auto left = ordered(std::move(a), joinedLabels({rows, depth}));
        left.value = deep(left.value, rows.size(), depth.size());
        const auto matrix = ordered(b, joinedLabels({depth, columns}));
        const auto right = add("Reshape", {matrix.value, constant({-1, width})});
        auto made = add("MatMul", {left.value, right});
        const auto order = joinedLabels({rows, columns});
        // A bias with an axis for each column belongs to the units of the layer.
        const auto other = bias_ != nullptr ? otherOf(*bias_, node_.outputs[0]) : std::string();
        const auto bias = model_.initializers.find(other);
        if (terms_.size() == 2 && columns.size() > 1 && order == wanted_ &&
            bias != model_.initializers.end() && bias->second.values &&
            bias->second.values->shape().dims() ==
                std::vector(lengths.begin() + std::ssize(rows), lengths.end())) {
            made = add("Add", {made, add("Reshape", {other, constant({width})})});
            hasBias_ = true;
        }
        if (columns.size() > 1)
            made = add("Reshape", {made, constant(lengths)});
        return {made, order};
    }

    EinsumTerm product(EinsumTerm a, EinsumTerm b, const Labels& kept) {
        if (model_.initializers.contains(a.value) && !model_.initializers.contains(b.value))
            std::swap(a, b); // a matrix of weights stands behind
        a = summed(std::move(a), joinedLabels({kept, b.labels}));
        b = summed(std::move(b), joinedLabels({kept, a.labels}));
        const auto shared = commonOf(a.labels, b.labels);
        const auto depth = without(shared, kept);
        const auto batch = without(shared, depth);
        auto rows = without(a.labels, shared);
        auto columns = without(b.labels, shared);
        if (depth.empty() || (rows.empty() && columns.empty()) ||
            (rows == Labels{kDots} && columns.empty()) || columns == Labels{kDots}) {
            const auto order = joinedLabels({batch, rows, columns, depth});
            auto left = spread(std::move(a), order);
            auto right = spread(std::move(b), order);
            return summed({add("Mul", {std::move(left), std::move(right)}), order}, kept);
        }
        if (depth.size() > 1 && hasLabel(joinedLabels({batch, rows, columns}), kDots))
            throw Error("the axes of its dots are not known");
        if (batch.empty() && !rows.empty() && depth.size() + columns.size() > 2)
            if (const auto weights = model_.initializers.find(b.value);
                weights != model_.initializers.end() && weights->second.values)
                return weighted(std::move(a), b, weights->second.values->shape(), depth, columns);
        // rows × depth times depth × columns, for all that stands in front of them.
        const Labels lastRow = rows.empty() ? Labels{} : Labels{rows.back()};
        const Labels lastColumn = columns.empty() ? Labels{} : Labels{columns.back()};
        const auto front =
            joinedLabels({batch, without(rows, lastRow), without(columns, lastColumn)});
        constexpr int kOne = std::numeric_limits<int>::max(); // an axis of length 1
        const Labels row = rows.empty() ? Labels{kOne} : lastRow;
        const Labels column = columns.empty() ? Labels{kOne} : lastColumn;
        const auto inner = a.labels.size() - depth.size();
        const auto outer = b.labels.size() - depth.size();
        a = ordered(std::move(a), joinedLabels({batch, rows, depth}));
        a = {deep(a.value, inner, depth.size()),
             joinedLabels({batch, rows, Labels{depth.front()}})};
        b = ordered(std::move(b),
                    depth.size() > 1 ? joinedLabels({batch, columns, depth}) : b.labels);
        if (depth.size() > 1)
            b = {deep(b.value, outer, depth.size()),
                 joinedLabels({batch, columns, Labels{depth.front()}})};
        const Labels one{depth.front()};
        const auto left = spread(std::move(a), joinedLabels({front, row, one}));
        const auto right = spread(std::move(b), joinedLabels({front, one, column}));
        EinsumTerm made{add("MatMul", {left, right}), joinedLabels({front, lastRow, lastColumn})};
        if (rows.empty() || columns.empty())
            made.value = addWithAxes("Squeeze", made.value, {rows.empty() ? -2 : -1});
        return made;
    }

    OnnxModel& model_;
    const OnnxNode& node_;
    const KnownRanks& ranks_;
    std::set<std::string>& taken_;
    const OnnxNode* bias_;
    bool hasBias_ = false;
    std::vector<EinsumTerm> terms_;
    Labels wanted_;
    std::vector<OnnxNode> nodes_;
    std::vector<std::pair<std::string, OnnxTensor>> constants_;
};

/// Values that are no outputs and that an Add of two inputs alone reads. None where graphs within
/// nodes may read them, too.
std::map<std::string, const OnnxNode*, std::less<>> soleAdds(const OnnxModel& model) {
    std::map<std::string, const OnnxNode*, std::less<>> adds;
    std::map<std::string, int, std::less<>> reads;
    for (const auto& output : model.outputs)
        ++reads[output.name];
    for (const auto& node : model.nodes) {
        for (const auto& [name, value] : node.attributes)
            if (std::holds_alternative<OnnxUnread>(value))
                return {};
        for (const auto& input : node.inputs) {
            ++reads[input];
            if (node.op == "Add" && node.domain.empty() && node.inputs.size() == 2)
                adds[input] = &node;
        }
    }
    std::erase_if(adds, [&](const auto& each) { return reads[each.first] != 1; });
    return adds;
}

bool isEinsum(const OnnxNode& node) {
    return node.op == "Einsum" && node.domain.empty() && node.outputs.size() == 1;
}

} // namespace

bool hasEinsum(const OnnxModel& model) {
    return std::ranges::any_of(model.nodes, isEinsum);
}

void writeEinsumsOut(OnnxModel& model) {
    KnownRanks ranks(model);
    std::set<std::string> taken;
    for (const auto& [name, tensor] : model.initializers)
        taken.insert(name);
    for (const auto& node : model.nodes)
        taken.insert(node.outputs.begin(), node.outputs.end());
    const auto adds = soleAdds(model);
    std::set<const OnnxNode*> gone;
    std::vector<OnnxNode> nodes;
    for (auto& node : model.nodes) {
        if (gone.contains(&node))
            continue;
        if (isEinsum(node)) {
            const auto add = adds.find(node.outputs[0]);
            EinsumWriter writer(model, node, ranks, taken,
                                add == adds.end() ? nullptr : add->second);
            try {
                auto made = writer.write();
                writer.addConstants();
                if (writer.hasBias())
                    gone.insert(add->second);
                if (const auto rank = writer.rank())
                    ranks.set(made.back().outputs[0], *rank);
                std::ranges::move(made, std::back_inserter(nodes));
                continue;
            } catch (const Error&) {
                // It stays a node, and the engine computes it as it is.
            }
        }
        ranks.learn(node);
        nodes.push_back(std::move(node));
    }
    model.nodes = std::move(nodes);
}

} // namespace gradwright
