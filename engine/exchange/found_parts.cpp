// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/found_parts.h"

#include "engine/graph/graph_index.h"
#include "engine/layers/catalog.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace gradwright {
namespace {

constexpr std::size_t kMostSegments = 48; ///< of a repetition
constexpr std::size_t kLeastLayers = 3;   ///< of a part
constexpr std::size_t kLeastBranched = 4; ///< nodes of a segment that is a part by itself
constexpr std::size_t kMostRepeats = static_cast<std::size_t>(kMaxRepeat);

std::string textOfValue(const ParamValue& value) {
    return std::visit(
        [](const auto& each) {
            if constexpr (std::is_same_v<std::decay_t<decltype(each)>, IntTuple>)
                return fmt::format("{}", fmt::join(each, "x"));
            else
                return fmt::format("{}", each);
        },
        value);
}

/// Whether instances of a block may differ in it: numbers, which do not change what the layer is.
bool isNumber(const ParamValue& value) {
    return !std::holds_alternative<bool>(value) && !std::holds_alternative<std::string>(value);
}

std::string textOfNode(const Node& node, bool withNumbers) {
    const auto& key = node.layerUse()->layer;
    const auto* def = findLayer(key);
    auto text = key;
    for (const auto& [name, value] : node.params)
        if (withNumbers || !isNumber(value) || !def || def->several.count)
            text += fmt::format(" {}={}", name, textOfValue(value));
    return text;
}

class SegmentFinder {
public:
    explicit SegmentFinder(const Graph& graph)
        : index_(graph)
        , order_(index_.topologicalOrder())
        , position_(index_.size(), order_.size())
        , inputs_(index_.size()) {
        for (std::size_t i = 0; i < order_.size(); ++i)
            position_[order_[i]] = i;
        for (const auto place : order_) {
            const auto feeds = index_.feedsOf(place);
            inputs_[place].assign(feeds.begin(), feeds.end());
            std::ranges::sort(inputs_[place], {}, &GraphIndex::Feed::input);
        }
    }

    std::vector<GraphSegment> run() {
        std::vector<GraphSegment> segments;
        const auto exits = exitsOf();
        for (std::size_t i = 1; i < exits.size(); ++i)
            segments.push_back(between(exits[i - 1], exits[i]));
        return segments;
    }

private:
    /// Positions of nodes whose first output is all that what follows reads.
    std::vector<std::size_t> exitsOf() const {
        std::map<std::pair<std::size_t, PortIndex>, std::size_t> last; // reader of each output
        for (std::size_t i = 0; i < order_.size(); ++i)
            for (const auto& feed : inputs_[order_[i]])
                last[{feed.from, feed.output}] = i;
        std::vector<std::vector<std::size_t>> ending(order_.size());
        std::vector<std::vector<PortIndex>> outputs(index_.size());
        for (const auto& [port, reader] : last) {
            ending[reader].push_back(port.first);
            outputs[port.first].push_back(port.second);
        }
        std::vector<std::size_t> exits;
        std::size_t open = 0;
        for (std::size_t i = 0; i < order_.size(); ++i) {
            const auto& own = outputs[order_[i]];
            open += own.size();
            open -= ending[i].size();
            if (open == 1 && own.size() == 1 && own[0].index() == 0)
                exits.push_back(i);
        }
        return exits;
    }

    GraphSegment between(std::size_t before, std::size_t exit) {
        GraphSegment segment;
        segment.entry = {index_.node(order_[before]).id, PortIndex{0}};
        std::vector<std::size_t> found;
        std::map<std::size_t, std::size_t> numbers;
        // Behind what they read, so that the order follows from the links alone.
        std::vector<std::pair<std::size_t, std::size_t>> open = {{order_[exit], 0}};
        std::set<std::size_t> begun = {order_[exit]};
        while (!open.empty()) {
            auto& [place, next] = open.back();
            if (next == inputs_[place].size()) {
                numbers[place] = found.size();
                found.push_back(place);
                open.pop_back();
                continue;
            }
            const auto from = inputs_[place][next++].from;
            if (position_[from] > before && begun.insert(from).second)
                open.emplace_back(from, 0);
        }
        std::string exact;
        std::string alike;
        segment.isWhole = found.size() == exit - before;
        for (const auto place : found) {
            const auto& node = index_.node(place);
            segment.nodes.push_back(node.id);
            const auto* def = node.layerUse() ? findLayer(node.layerUse()->layer) : nullptr;
            if (!def || def->category == Category::InputOutput) {
                segment.isWhole = false;
                continue;
            }
            std::string links;
            for (const auto& feed : inputs_[place]) {
                const auto from = numbers.find(feed.from);
                links += fmt::format("{}<{}.{};", feed.input.index(),
                                     from == numbers.end() ? std::string("in")
                                                           : fmt::format("{}", from->second),
                                     feed.output.index());
            }
            exact += textOfNode(node, true) + links;
            alike += textOfNode(node, false) + links;
        }
        segment.exact = numberOf(exact, exact_);
        segment.alike = numberOf(alike, alike_);
        return segment;
    }

    static std::size_t numberOf(const std::string& text,
                                std::map<std::string, std::size_t>& known) {
        return known.emplace(text, known.size()).first->second;
    }

    GraphIndex index_;
    std::vector<std::size_t> order_;    ///< places
    std::vector<std::size_t> position_; ///< in the order, by place
    std::vector<std::vector<GraphIndex::Feed>> inputs_;
    std::map<std::string, std::size_t> exact_, alike_;
};

class PartFinder {
public:
    PartFinder(const Graph& graph, const std::vector<GraphSegment>& segments)
        : graph_(graph)
        , segments_(segments) {}

    std::vector<FoundPart> run() {
        for (std::size_t at = 0; at < segments_.size();) {
            const auto best = rowAt(at);
            if (best.repeat < 2 || startsBetterLater(best)) {
                ++at;
                continue;
            }
            rows_.push_back(best);
            at += best.length * best.repeat;
        }
        return withAlike();
    }

private:
    [[nodiscard]] std::size_t layersOf(const FoundPart& part) const {
        std::size_t layers = 0;
        for (std::size_t i = 0; i < part.length; ++i)
            layers += segments_[part.begin + i].nodes.size();
        return layers;
    }

    [[nodiscard]] std::size_t repeatsAt(std::size_t begin, std::size_t length) const {
        std::size_t repeats = 1;
        const auto isSame = [&](std::size_t i) {
            return segments_[begin + i].isWhole &&
                   segments_[begin + i].exact == segments_[begin + i % length].exact;
        };
        auto end = length;
        while (repeats < kMostRepeats && begin + end + length <= segments_.size()) {
            for (std::size_t i = 0; i < length; ++i)
                if (!isSame(end + i))
                    return repeats;
            end += length;
            ++repeats;
        }
        return repeats;
    }

    /// The part that repeats from there on and covers most; the shortest of these.
    [[nodiscard]] FoundPart rowAt(std::size_t at) const {
        FoundPart best{at, 0, 1};
        std::size_t covered = 0;
        for (std::size_t length = 1; length <= kMostSegments && at + 2 * length <= segments_.size();
             ++length) {
            if (!segments_[at + length - 1].isWhole)
                break;
            const FoundPart part{at, length, repeatsAt(at, length)};
            const auto layers = layersOf(part);
            if (part.repeat < 2 || layers < kLeastLayers || layers * part.repeat <= covered ||
                isOfSmaller(part))
                continue;
            best = part;
            covered = layers * part.repeat;
        }
        return best;
    }

    /// Whether the part is a smaller one several times over, as a few of the same layer are.
    [[nodiscard]] bool isOfSmaller(const FoundPart& part) const {
        for (std::size_t length = 1; length < part.length; ++length)
            if (part.length % length == 0 && repeatsAt(part.begin, length) >= part.length / length)
                return true;
        return false;
    }

    /// A row can be cut into repetitions at any of its places: at one in front of a branch, people
    /// would.
    [[nodiscard]] bool startsBetterLater(const FoundPart& row) const {
        for (std::size_t shift = 1; shift < row.length; ++shift)
            if (segments_[row.begin + shift].nodes.size() > segments_[row.begin].nodes.size() &&
                repeatsAt(row.begin + shift, row.length) >= row.repeat)
                return true;
        return false;
    }

    /// Whether a segment is one layer that works on each element, as an activation behind a sum.
    [[nodiscard]] bool isActivation(std::size_t at) const {
        if (at >= segments_.size() || !segments_[at].isWhole || segments_[at].nodes.size() != 1)
            return false;
        const auto* node = graph_.find(segments_[at].nodes[0]);
        const auto* def = findLayer(node->layerUse()->layer);
        return def->category == Category::Activation;
    }

    [[nodiscard]] std::vector<std::size_t> formOf(const FoundPart& part) const {
        std::vector<std::size_t> form;
        for (std::size_t i = 0; i < part.length; ++i)
            form.push_back(segments_[part.begin + i].alike);
        return form;
    }

    /// The rows, and single parts with a branch of which there are several alike.
    std::vector<FoundPart> withAlike() {
        auto parts = rows_;
        std::map<std::vector<std::size_t>, std::size_t> counts;
        for (const auto& row : rows_)
            counts[formOf(row)] += 2; // is a block by itself
        std::vector<FoundPart> single;
        auto row = rows_.begin();
        for (std::size_t at = 0; at < segments_.size();) {
            if (row != rows_.end() && row->begin == at) {
                at += row->length * row->repeat;
                ++row;
                continue;
            }
            const auto end = row == rows_.end() ? segments_.size() : row->begin;
            FoundPart part{at, 1, 1};
            if (segments_[at].isWhole && segments_[at].nodes.size() >= kLeastBranched) {
                if (at + 1 < end && isActivation(at + 1))
                    part.length = 2;
                single.push_back(part);
                ++counts[formOf(part)];
            }
            at += part.length;
        }
        for (const auto& part : single)
            if (counts[formOf(part)] > 1)
                parts.push_back(part);
        std::ranges::sort(parts, {}, &FoundPart::begin);
        return parts;
    }

    const Graph& graph_;
    const std::vector<GraphSegment>& segments_;
    std::vector<FoundPart> rows_;
};

} // namespace

std::vector<GraphSegment> segmentsOf(const Graph& graph) {
    return SegmentFinder(graph).run();
}

std::vector<FoundPart> partsOf(const Graph& graph, const std::vector<GraphSegment>& segments) {
    return PartFinder(graph, segments).run();
}

} // namespace gradwright
