// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/broadcast_inputs.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright::layers {

std::size_t rankOf(std::span<const Shape> shapes) {
    return std::ranges::max_element(shapes, {}, &Shape::rank)->rank();
}

Shape besideSequence(const Shape& shape, std::size_t rank) {
    return shape.rank() == 1 && rank == 2 ? Shape{1, shape[0]} : shape;
}

std::optional<Shape> jointShape(std::span<const Shape> shapes) {
    const auto rank = rankOf(shapes);
    std::vector<Shape> aligned;
    for (const auto& shape : shapes) {
        if (shape.rank() != rank && shape.rank() != 1)
            return {};
        aligned.push_back(besideSequence(shape, rank));
    }
    try {
        return broadcastShape(aligned);
    } catch (const Error&) {
        return {}; // the layer says it in the user's words
    }
}

std::vector<std::string> alignedInputs(const CodeContext& context, bool channelsLast) {
    const auto rank = rankOf(context.shapes());
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i < context.inputs().size(); ++i) {
        auto x = context.inputs()[i];
        if (context.shapes()[i].rank() == 1 && rank > 1) {
            std::string ones;
            for (std::size_t axis = 1; axis < rank; ++axis)
                ones += ", None";
            x += channelsLast || rank == 2 ? "[:" + ones + ", :]" : "[:, :" + ones + "]";
        }
        inputs.push_back(std::move(x));
    }
    return inputs;
}

} // namespace gradwright::layers
