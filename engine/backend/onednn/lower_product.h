// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// What a product does to its result, see Finish, and what the report says of it.
struct ProductFinish {
    const Activation* activation = nullptr; ///< that oneDNN has
    Lowered* addend = nullptr;              ///< added before the activation
    bool isRead = false;                    ///< and written again, in FP32, by what follows
    std::vector<std::string> told = {};
};

void lowerProduct(Compiler& compiler, const OpContext& context, const ConvOp& op,
                  const ProductFinish& finish);
void lowerProduct(Compiler& compiler, const OpContext& context, const DenseOp& op,
                  const ProductFinish& finish);

/// Brings the addend into the output's memory, where the product adds to it: by a copy, or by
/// nothing where the output may take the addend's place. Returns it in the output's layout.
Lowered* fetchAddend(Compiler& compiler, Lowered* addend, const Lowered* output);

} // namespace gradwright::onednn
