// SPDX-License-Identifier: GPL-3.0-or-later
//
// The operators of ONNX that layers are made of.
#include "tests/engine/exchange/onnx_evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace gradwright::test {
namespace {

using Arrays = std::vector<OnnxArray>;
using Place = std::vector<std::int64_t>;

std::int64_t indexOf(const OnnxArray& array, const Place& place) {
    std::int64_t index = 0;
    for (std::size_t axis = 0; axis < place.size(); ++axis)
        index = index * array.shape[axis] + place[axis];
    return index;
}
double at(const OnnxArray& array, const Place& place) {
    return array.data[static_cast<std::size_t>(indexOf(array, place))];
}

/// Window attributes; dilations are 1 where the node says nothing.
struct OnnxWindow {
    Place kernel, strides, dilations, pads;

    explicit OnnxWindow(const OnnxNode& node)
        : kernel(node.list("kernel_shape"))
        , strides(node.list("strides"))
        , dilations(node.find("dilations") ? node.list("dilations") : Place(kernel.size(), 1))
        , pads(node.list("pads")) {
        if (pads.size() != 2 * kernel.size() || strides.size() != kernel.size())
            throw std::runtime_error("a window's attributes have other lengths");
    }
    [[nodiscard]] std::int64_t output(std::size_t axis, std::int64_t in) const {
        const auto span = (kernel[axis] - 1) * dilations[axis] + 1;
        return (in + pads[axis] + pads[kernel.size() + axis] - span) / strides[axis] + 1;
    }
    /// The place in the image of a kernel's element, or false outside.
    bool inside(const Place& out, const Place& tap, const std::vector<std::int64_t>& shape,
                Place& place) const {
        for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
            const auto where =
                out[axis + 2] * strides[axis] - pads[axis] + tap[axis] * dilations[axis];
            if (where < 0 || where >= shape[axis + 2])
                return false;
            place[axis + 2] = where;
        }
        return true;
    }
};

Arrays conv(const OnnxNode& node) {
    const OnnxWindow window(node);
    const auto& x = node.x();
    const auto& kernel = node.inputs.at(1);
    const auto groups = node.integer("group", 1);
    const auto own = kernel.shape[1];
    if (own * groups != x.shape[1])
        throw std::runtime_error("the kernel has other channels");
    auto shape = x.shape;
    shape[1] = kernel.shape[0];
    for (std::size_t axis = 0; axis < window.kernel.size(); ++axis)
        shape[axis + 2] = window.output(axis, x.shape[axis + 2]);
    OnnxArray y(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](const Place& out) {
        const auto group = out[1] / (shape[1] / groups);
        double sum = node.has(2) ? node.inputs[2].data[static_cast<std::size_t>(out[1])] : 0;
        auto from = out;
        forEachPlace(window.kernel, [&](const Place& tap) {
            if (!window.inside(out, tap, x.shape, from))
                return;
            Place weight{out[1], 0};
            weight.insert(weight.end(), tap.begin(), tap.end());
            for (std::int64_t channel = 0; channel < own; ++channel) {
                from[1] = group * own + channel;
                weight[1] = channel;
                sum += at(x, from) * at(kernel, weight);
            }
        });
        y.data[next++] = sum;
    });
    return {std::move(y)};
}

/// Each input element adds the kernel, weighed by it.
Arrays convTranspose(const OnnxNode& node) {
    const OnnxWindow window(node);
    const auto further = node.list("output_padding");
    const auto& x = node.x();
    const auto& kernel = node.inputs.at(1);
    const auto groups = node.integer("group", 1);
    auto shape = x.shape;
    shape[1] = kernel.shape[1] * groups;
    const auto axes = window.kernel.size();
    for (std::size_t axis = 0; axis < axes; ++axis)
        shape[axis + 2] = (x.shape[axis + 2] - 1) * window.strides[axis] + further.at(axis) +
                          (window.kernel[axis] - 1) * window.dilations[axis] + 1 -
                          window.pads[axis] - window.pads[axes + axis];
    OnnxArray y(shape);
    if (node.has(2)) {
        std::size_t next = 0;
        forEachPlace(shape, [&](const Place& place) {
            y.data[next++] = node.inputs[2].data[static_cast<std::size_t>(place[1])];
        });
    }
    forEachPlace(x.shape, [&](const Place& from) {
        const auto group = from[1] / (x.shape[1] / groups);
        auto to = from;
        forEachPlace(window.kernel, [&](const Place& tap) {
            for (std::size_t axis = 0; axis < axes; ++axis) {
                to[axis + 2] = from[axis + 2] * window.strides[axis] +
                               tap[axis] * window.dilations[axis] - window.pads[axis];
                if (to[axis + 2] < 0 || to[axis + 2] >= shape[axis + 2])
                    return;
            }
            Place weight{from[1], 0};
            weight.insert(weight.end(), tap.begin(), tap.end());
            for (std::int64_t channel = 0; channel < kernel.shape[1]; ++channel) {
                to[1] = group * kernel.shape[1] + channel;
                weight[1] = channel;
                y.data[static_cast<std::size_t>(indexOf(y, to))] +=
                    at(x, from) * at(kernel, weight);
            }
        });
    });
    return {std::move(y)};
}

Arrays pool(const OnnxNode& node, bool isMaximum) {
    const OnnxWindow window(node);
    if (node.integer("ceil_mode", 0) != 0)
        throw std::runtime_error("ceil_mode is read differently by runtimes");
    const bool counts = node.integer("count_include_pad", 0) != 0;
    auto shape = node.x().shape;
    for (std::size_t axis = 0; axis < window.kernel.size(); ++axis)
        shape[axis + 2] = window.output(axis, shape[axis + 2]);
    OnnxArray y(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](const Place& out) {
        double most = -std::numeric_limits<double>::infinity();
        double sum = 0;
        double count = 0;
        auto from = out;
        forEachPlace(window.kernel, [&](const Place& tap) {
            const bool isInside = window.inside(out, tap, node.x().shape, from);
            count += isInside || counts ? 1 : 0;
            if (!isInside)
                return;
            most = std::max(most, at(node.x(), from));
            sum += at(node.x(), from);
        });
        y.data[next++] = isMaximum ? most : sum / count;
    });
    return {std::move(y)};
}

Arrays globalAverage(const OnnxNode& node) {
    OnnxArray y(Place(node.x().shape.size(), 1));
    y.shape[0] = node.x().shape[0];
    y.shape[1] = node.x().shape[1];
    y.data.assign(static_cast<std::size_t>(y.shape[0] * y.shape[1]), 0);
    const auto each = node.x().data.size() / y.data.size();
    for (std::size_t i = 0; i < node.x().data.size(); ++i)
        y.data[i / each] += node.x().data[i] / static_cast<double>(each);
    return {std::move(y)};
}

/// [.., M, K] · [.., K, L], broadcast.
OnnxArray product(const OnnxArray& a, const OnnxArray& b) {
    const auto inner = a.shape.back();
    if (b.shape.at(b.shape.size() - 2) != inner)
        throw std::runtime_error("matrices that do not fit");
    const OnnxArray outerA(Place(a.shape.begin(), a.shape.end() - 2));
    const OnnxArray outerB(Place(b.shape.begin(), b.shape.end() - 2));
    auto shape = broadcastShapeOf({outerA, outerB});
    shape.push_back(a.shape[a.shape.size() - 2]);
    shape.push_back(b.shape.back());
    OnnxArray y(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](const Place& place) {
        double sum = 0;
        auto left = place;
        auto right = place;
        for (std::int64_t i = 0; i < inner; ++i) {
            left.back() = i;
            right[right.size() - 2] = i;
            sum += broadcastAt(a, left) * broadcastAt(b, right);
        }
        y.data[next++] = sum;
    });
    return y;
}

OnnxArray turned(const OnnxArray& x) {
    OnnxArray y({x.shape[1], x.shape[0]});
    for (std::int64_t i = 0; i < x.shape[0]; ++i)
        for (std::int64_t j = 0; j < x.shape[1]; ++j)
            y.data[static_cast<std::size_t>(j * x.shape[0] + i)] =
                x.data[static_cast<std::size_t>(i * x.shape[1] + j)];
    return y;
}

Arrays gemm(const OnnxNode& node) {
    if (node.integer("transA", 0) != 0)
        throw std::runtime_error("a Gemm of another form");
    const auto& b = node.inputs.at(1);
    auto y = product(node.x(), node.integer("transB", 0) != 0 ? turned(b) : b);
    for (auto& value : y.data)
        value *= node.real("alpha", 1);
    std::size_t next = 0;
    if (node.has(2))
        forEachPlace(y.shape, [&](const Place& place) {
            y.data[next++] += node.real("beta", 1) * broadcastAt(node.inputs[2], place);
        });
    return {std::move(y)};
}

/// Elements whose places agree in the axes that are kept, brought to mean 0 and variance 1.
template <class KeyOf>
OnnxArray normalized(const OnnxArray& x, double epsilon, KeyOf keyOf) {
    std::map<Place, std::vector<std::size_t>> parts;
    std::size_t next = 0;
    forEachPlace(x.shape, [&](const Place& place) { parts[keyOf(place)].push_back(next++); });
    auto y = x;
    for (const auto& [key, places] : parts) {
        const auto count = static_cast<double>(places.size());
        double mean = 0;
        double variance = 0;
        for (const auto i : places)
            mean += x.data[i] / count;
        for (const auto i : places)
            variance += (x.data[i] - mean) * (x.data[i] - mean) / count;
        for (const auto i : places)
            y.data[i] = (x.data[i] - mean) / std::sqrt(variance + epsilon);
    }
    return y;
}

/// y · scale + shift of the channel.
void scaleChannels(OnnxArray& y, const OnnxArray& scale, const OnnxArray& shift) {
    if (scale.rank() != 1 || scale.shape[0] != y.shape[1] || shift.shape != scale.shape)
        throw std::runtime_error("scale and shift are not those of the channels");
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const Place& place) {
        const auto channel = static_cast<std::size_t>(place[1]);
        auto& value = y.data[next++];
        value = value * scale.data[channel] + shift.data[channel];
    });
}

Arrays groupNormalization(const OnnxNode& node) {
    if (node.opset < 21)
        throw std::runtime_error("scale and shift were those of a group");
    const auto size = node.x().shape[1] / node.integer("num_groups");
    auto y = normalized(node.x(), node.real("epsilon", 1e-5), [=](const Place& place) {
        return Place{place[0], place[1] / size};
    });
    scaleChannels(y, node.inputs.at(1), node.inputs.at(2));
    return {std::move(y)};
}

Arrays instanceNormalization(const OnnxNode& node) {
    auto y = normalized(node.x(), node.real("epsilon", 1e-5), [](const Place& place) {
        return Place{place[0], place[1]};
    });
    scaleChannels(y, node.inputs.at(1), node.inputs.at(2));
    return {std::move(y)};
}

Arrays layerNormalization(const OnnxNode& node) {
    const auto axis = static_cast<std::ptrdiff_t>(node.axis(node.integer("axis", -1)));
    auto y = normalized(node.x(), node.real("epsilon", 1e-5), [=](const Place& place) {
        return Place(place.begin(), place.begin() + axis);
    });
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const Place& place) {
        auto& value = y.data[next++];
        value *= broadcastAt(node.inputs.at(1), place);
        value += node.has(2) ? broadcastAt(node.inputs[2], place) : 0;
    });
    return {std::move(y)};
}

Arrays batchNormalization(const OnnxNode& node) {
    auto y = node.x();
    const auto parameter = [&](std::size_t index, const Place& place) {
        return node.inputs.at(index).data.at(static_cast<std::size_t>(place[1]));
    };
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const Place& place) {
        auto& value = y.data[next++];
        value = (value - parameter(3, place)) /
                    std::sqrt(parameter(4, place) + node.real("epsilon", 1e-5)) *
                    parameter(1, place) +
                parameter(2, place);
    });
    return {std::move(y)};
}

Arrays localResponse(const OnnxNode& node) {
    const auto size = node.integer("size");
    auto y = node.x();
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const Place& place) {
        double sum = 0;
        auto from = place;
        const auto first = std::max<std::int64_t>(0, place[1] - (size - 1) / 2);
        const auto last = std::min(y.shape[1] - 1, place[1] + size / 2);
        for (from[1] = first; from[1] <= last; ++from[1])
            sum += std::pow(at(node.x(), from), 2);
        y.data[next++] /= std::pow(node.real("bias", 1) +
                                       node.real("alpha", 1e-4) / static_cast<double>(size) * sum,
                                   node.real("beta", 0.75));
    });
    return {std::move(y)};
}

Arrays softmax(const OnnxNode& node, bool isLogarithm) {
    const auto axis = node.axis(node.integer("axis")); // its default has changed
    std::map<Place, double> sums;
    std::size_t next = 0;
    const auto key = [&](Place place) {
        place[axis] = 0;
        return place;
    };
    forEachPlace(node.x().shape,
                 [&](const Place& place) { sums[key(place)] += std::exp(node.x().data[next++]); });
    auto y = node.x();
    next = 0;
    forEachPlace(y.shape, [&](const Place& place) {
        const double logarithm = y.data[next] - std::log(sums[key(place)]);
        y.data[next++] = isLogarithm ? logarithm : std::exp(logarithm);
    });
    return {std::move(y)};
}

double logistic(double x) {
    return 1 / (1 + std::exp(-x));
}

/// One direction of RNN, LSTM and GRU, [T, N, F], into Y [T, directions, N, units].
void runCells(const OnnxNode& node, std::int64_t direction, bool isReverse, OnnxArray& y) {
    const auto& type = node.proto.op_type();
    const auto steps = y.shape[0];
    const auto samples = y.shape[2];
    const auto units = y.shape[3];
    const auto features = node.x().shape[2];
    const auto rows = node.inputs[1].shape[1];
    std::vector<double> h(static_cast<std::size_t>(samples * units));
    std::vector<double> c(h.size());
    const auto bias = [&](std::int64_t row) {
        return node.has(3) ? at(node.inputs[3], {direction, row}) : 0.0;
    };
    const auto fromInput = [&](std::int64_t row, std::int64_t step, std::int64_t sample) {
        double sum = bias(row);
        for (std::int64_t f = 0; f < features; ++f)
            sum += at(node.inputs[1], {direction, row, f}) * at(node.x(), {step, sample, f});
        return sum;
    };
    const auto fromState = [&](const std::vector<double>& state, std::int64_t row,
                               std::int64_t sample) {
        double sum = bias(rows + row);
        for (std::int64_t u = 0; u < units; ++u)
            sum += at(node.inputs[2], {direction, row, u}) *
                   state[static_cast<std::size_t>(sample * units + u)];
        return sum;
    };
    for (std::int64_t i = 0; i < steps; ++i) {
        const auto step = isReverse ? steps - 1 - i : i;
        const auto before = h;
        for (std::int64_t sample = 0; sample < samples; ++sample)
            for (std::int64_t unit = 0; unit < units; ++unit) {
                const auto here = static_cast<std::size_t>(sample * units + unit);
                const auto gate = [&](std::int64_t g) {
                    return fromInput(g * units + unit, step, sample) +
                           fromState(before, g * units + unit, sample);
                };
                if (type == "RNN") {
                    const auto* const functions = node.find("activations");
                    const bool isRelu =
                        functions && functions->strings(static_cast<int>(direction)) == "Relu";
                    h[here] = isRelu ? std::max(0.0, gate(0)) : std::tanh(gate(0));
                } else if (type == "LSTM") { // i, o, f, c
                    c[here] = logistic(gate(2)) * c[here] + logistic(gate(0)) * std::tanh(gate(3));
                    h[here] = logistic(gate(1)) * std::tanh(c[here]);
                } else { // z, r, h
                    const auto row = 2 * units + unit;
                    const double z = logistic(gate(0));
                    const double candidate =
                        std::tanh(fromInput(row, step, sample) +
                                  logistic(gate(1)) * fromState(before, row, sample));
                    h[here] = (1 - z) * candidate + z * before[here];
                }
                y.data[static_cast<std::size_t>(indexOf(y, {step, direction, sample, unit}))] =
                    h[here];
            }
    }
}

Arrays recurrent(const OnnxNode& node) {
    const auto& type = node.proto.op_type();
    const auto direction = node.text("direction", "forward");
    const std::int64_t directions = direction == "bidirectional" ? 2 : 1;
    const auto units = node.integer("hidden_size");
    const auto rows = (type == "RNN" ? 1 : type == "LSTM" ? 4 : 3) * units;
    if (node.integer("layout", 0) != 0 ||
        (type == "GRU" && node.integer("linear_before_reset", 0) != 1))
        throw std::runtime_error("a recurrent layer of another form");
    if (node.inputs.at(1).shape != Place{directions, rows, node.x().shape[2]} ||
        node.inputs.at(2).shape != Place{directions, rows, units} ||
        (node.has(3) && node.inputs[3].shape != Place{directions, 2 * rows}))
        throw std::runtime_error("weights of another shape");
    OnnxArray y({node.x().shape[0], directions, node.x().shape[1], units});
    runCells(node, 0, direction == "reverse", y);
    if (directions == 2)
        runCells(node, 1, true, y);
    // Y_h, the state behind the last step of each direction.
    OnnxArray last({directions, y.shape[2], units});
    std::size_t next = 0;
    forEachPlace(last.shape, [&](const Place& place) {
        const bool isReverse = direction == "reverse" || place[0] == 1;
        last.data[next++] = at(y, {isReverse ? 0 : y.shape[0] - 1, place[0], place[1], place[2]});
    });
    return {std::move(y), std::move(last)};
}

} // namespace

void addLayerOperators(OnnxOperators& all) {
    all["Conv"] = conv;
    all["ConvTranspose"] = convTranspose;
    all["MaxPool"] = [](const OnnxNode& n) { return pool(n, true); };
    all["AveragePool"] = [](const OnnxNode& n) { return pool(n, false); };
    all["GlobalAveragePool"] = globalAverage;
    all["MatMul"] = [](const OnnxNode& n) { return Arrays{product(n.x(), n.inputs.at(1))}; };
    all["Gemm"] = gemm;
    all["BatchNormalization"] = batchNormalization;
    all["InstanceNormalization"] = instanceNormalization;
    all["GroupNormalization"] = groupNormalization;
    all["LayerNormalization"] = layerNormalization;
    all["LRN"] = localResponse;
    all["Softmax"] = [](const OnnxNode& n) { return softmax(n, false); };
    all["LogSoftmax"] = [](const OnnxNode& n) { return softmax(n, true); };
    all["RNN"] = all["LSTM"] = all["GRU"] = recurrent;
}

} // namespace gradwright::test
