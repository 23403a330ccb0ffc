// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dense.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

namespace gradwright {

using namespace checks;

std::string_view DenseOp::name() const {
    return "dense";
}

Types DenseOp::outputs(InputTypes inputs) const {
    auto sample = requireSample(name(), inputs);
    require(sample.rank() == 1 || sample.rank() == 2, name(), "takes a vector or a sequence",
            inputs);
    requirePositive({units}, name(), "has 1 unit or more", inputs);
    sample[sample.rank() - 1] = units;
    return {sample};
}

std::vector<Shape> DenseOp::weights(InputTypes inputs) const {
    std::vector<Shape> shapes{{units, inputs[0].sample().dims().back()}};
    if (bias)
        shapes.push_back({units});
    return shapes;
}

std::int64_t DenseOp::macs(InputTypes inputs) const {
    return product({outputs(inputs)[0].sample().elements(), inputs[0].sample().dims().back()});
}

void DenseOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

} // namespace gradwright
