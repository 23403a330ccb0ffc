// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/cuda/conv_cases.h"

namespace gradwright::cuda::standin {

const std::vector<ConvCase>& convCases() {
    static const std::vector<ConvCase> cases = [] {
        std::vector<ConvCase> all;
        const auto add = [&](const char* name, unsigned batch, unsigned groups, unsigned inChannels,
                             unsigned outChannels) -> ConvShape& {
            all.push_back({name, {}});
            auto& shape = all.back().shape;
            shape.batch = batch;
            shape.groups = groups;
            shape.inChannels = inChannels;
            shape.outChannels = outChannels;
            return shape;
        };
        const auto axis = [](ConvShape& shape, int at, unsigned in, unsigned kernel,
                             unsigned stride = 1, unsigned dilation = 1, int padding = 0,
                             int paddingBehind = 0) {
            shape.in[at] = in;
            shape.kernel[at] = kernel;
            shape.stride[at] = stride;
            shape.dilation[at] = dilation;
            shape.padding[at] = padding;
            const int room = static_cast<int>(in) + padding + paddingBehind -
                             static_cast<int>(dilation * (kernel - 1)) - 1;
            shape.out[at] = static_cast<unsigned>(room) / stride + 1;
        };
        auto* shape = &add("1x1", 3, 1, 5, 7);
        axis(*shape, 1, 4, 1);
        axis(*shape, 2, 6, 1);
        shape = &add("3x3, same", 2, 1, 3, 4);
        axis(*shape, 1, 9, 3, 1, 1, 1, 1);
        axis(*shape, 2, 7, 3, 1, 1, 1, 1);
        shape = &add("many channels", 1, 1, 70, 66);
        axis(*shape, 1, 3, 2);
        axis(*shape, 2, 4, 3);
        shape = &add("strides that leave a rest", 2, 1, 3, 5);
        axis(*shape, 1, 10, 3, 2, 1, 1, 1);
        axis(*shape, 2, 11, 2, 3);
        shape = &add("groups", 2, 3, 2, 5);
        axis(*shape, 1, 6, 3, 1, 1, 1, 1);
        axis(*shape, 2, 5, 3);
        shape = &add("depthwise", 2, 6, 1, 2);
        axis(*shape, 1, 6, 3, 2, 1, 1, 1);
        axis(*shape, 2, 5, 3, 1, 1, 1, 1);
        shape = &add("dilation", 2, 1, 3, 4);
        axis(*shape, 1, 9, 3, 1, 3, 2, 2);
        axis(*shape, 2, 8, 2, 2, 2, 1, 0);
        shape = &add("padding behind only", 2, 1, 2, 3);
        axis(*shape, 1, 6, 3, 1, 1, 0, 2);
        axis(*shape, 2, 6, 3, 2, 1, 0, 3);
        shape = &add("padding larger than the kernel", 1, 1, 2, 3);
        axis(*shape, 2, 4, 2, 1, 1, 5, 4);
        shape = &add("cropped in front", 2, 1, 2, 3);
        axis(*shape, 2, 12, 3, 1, 1, -2, -1);
        shape = &add("one axis", 3, 2, 3, 4);
        axis(*shape, 2, 33, 5, 2, 2, 3, 3);
        shape = &add("three axes", 2, 1, 3, 4);
        axis(*shape, 0, 5, 3, 2, 1, 1, 1);
        axis(*shape, 1, 4, 2, 1, 2, 1, 0);
        axis(*shape, 2, 6, 3, 1, 1, 1, 1);
        return all;
    }();
    return cases;
}

} // namespace gradwright::cuda::standin
