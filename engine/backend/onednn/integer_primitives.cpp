// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/integer_primitives.h"

namespace gradwright::onednn {
namespace {

using dnnl::memory;

memory::data_type typeOfAddend(DType type) {
    return type == DType::U8   ? memory::data_type::u8
           : type == DType::I8 ? memory::data_type::s8
                               : memory::data_type::f32;
}

dnnl::post_ops postOps(const IntegerFinish& finish) {
    dnnl::post_ops ops;
    if (finish.adds)
        ops.append_sum(finish.addendFactor, finish.zeroOfAddend, typeOfAddend(finish.addendType));
    if (finish.activation) {
        const auto [function, alpha, beta] = eltwiseFunctionOf(*finish.activation);
#if DNNL_VERSION_MAJOR >= 3
        ops.append_eltwise(function, alpha, beta);
#else
        ops.append_eltwise(finish.resultFactor, function, alpha, beta);
#endif
    }
    return ops;
}

dnnl::primitive_attr integerAttributes(const IntegerFinish& finish, bool hasGroups) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attr.set_post_ops(postOps(finish));
#if DNNL_VERSION_MAJOR >= 3
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, hasGroups ? 3 : 1);
    if (finish.resultFactor != 1)
        attr.set_scales_mask(DNNL_ARG_DST, 0);
    if (finish.zeroOfSource != 0)
        attr.set_zero_points_mask(DNNL_ARG_SRC, 0);
    if (finish.zeroOfResult != 0)
        attr.set_zero_points_mask(DNNL_ARG_DST, 0);
#else
    (void)hasGroups; // the scales are those of the output's channels
    constexpr int byChannel = 1 << 1;
    attr.set_output_scales(byChannel, finish.multipliers);
    if (finish.zeroOfSource != 0)
        attr.set_zero_points(DNNL_ARG_SRC, 0, {finish.zeroOfSource});
    if (finish.zeroOfResult != 0)
        attr.set_zero_points(DNNL_ARG_DST, 0, {finish.zeroOfResult});
#endif
    return attr;
}

} // namespace

bool sumsBytesExactly() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx512_core:
        return false;
    default:
        // avx2_vnni lacks fast kernels in version 2, which describe() then refuses.
        return true;
    }
}

ConvForward integerConvForward(const MemoryDesc& src, const MemoryDesc& weights,
                               const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                               const IntegerFinish& finish) {
    constexpr bool allowEmpty = true;
    constexpr auto kind = dnnl::prop_kind::forward_inference;
    const bool hasGroups = dimsOf(weights).size() > dimsOf(src).size();
    const auto attr = integerAttributes(finish, hasGroups);
    auto dilations = window.dilation;
    for (auto& dilation : dilations)
        --dilation; // oneDNN counts from 0
#if DNNL_VERSION_MAJOR >= 3
    ConvForward pd(cpuEngine(), kind, kDirect, src, weights, bias, dst, window.stride, dilations,
                   window.padBegin, window.padEnd, attr, allowEmpty);
#else
    ConvForward pd({kind, kDirect, src, weights, bias, dst, window.stride, dilations,
                    window.padBegin, window.padEnd},
                   attr, cpuEngine(), allowEmpty);
#endif
    return pd && !isReference(pd) ? pd : ConvForward();
}

std::vector<RunArgument> runArguments([[maybe_unused]] const IntegerFinish& finish) {
    std::vector<RunArgument> made;
#if DNNL_VERSION_MAJOR >= 3
    const auto zeroOf = [&](int of, std::int32_t zero) {
        if (zero != 0)
            made.push_back(
                {DNNL_ARG_ATTR_ZERO_POINTS | of, denseDesc({1}, DType::I32), {}, {zero}});
    };
    const auto channels = static_cast<std::int64_t>(finish.multipliers.size());
    made.push_back(
        {DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, denseDesc({channels}), finish.multipliers, {}});
    if (finish.resultFactor != 1)
        made.push_back(
            {DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST, denseDesc({1}), {1 / finish.resultFactor}, {}});
    zeroOf(DNNL_ARG_SRC, finish.zeroOfSource);
    zeroOf(DNNL_ARG_DST, finish.zeroOfResult);
#endif
    return made;
}

} // namespace gradwright::onednn
