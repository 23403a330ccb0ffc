// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// A tensor that the primitives of one op multiply, each in the layout and type that it wants. In a
/// program of mixed precision its elements are rounded to bfloat16, whatever the type.
class Operand {
public:
    Operand(Compiler& compiler, Buffer* given, MemoryDesc desc)
        : compiler_(&compiler)
        , given_{given, std::move(desc)} {}
    /// The weight as it is kept.
    Operand(Compiler& compiler, WeightId id);

    /// Made by a step of its own, once for each description, where that is not what was given.
    Buffer* as(const MemoryDesc& desc);
    [[nodiscard]] Buffer* given() const { return given_.buffer; }
    [[nodiscard]] const MemoryDesc& desc() const { return given_.desc; }

private:
    struct Form {
        Buffer* buffer;
        MemoryDesc desc;
    };

    Compiler* compiler_;
    Form given_;
    std::optional<WeightId> weight_;
    std::vector<Form> made_;
};

/// What `bf16` describes in a program of mixed precision where the processor computes in bfloat16
/// and oneDNN has a fast primitive for it, else what `single` describes.
template <class Bf16, class Single>
auto preferBf16(const Compiler& compiler, const Bf16& bf16, const Single& single) {
    if (compiler.usesNativeBf16())
        if (auto pd = bf16(); pd && !isReference(pd))
            return pd;
    return single();
}

/// For the report: the implementation, and whether it stands in for one in bfloat16.
std::string implementationOf(const Compiler& compiler, const std::string& name,
                             const MemoryDesc& operand);
inline std::string implementationOf(const Compiler& compiler, const dnnl::primitive_desc_base& pd,
                                    const MemoryDesc& operand) {
    return implementationOf(compiler, implementationOf(pd), operand);
}

} // namespace gradwright::onednn
