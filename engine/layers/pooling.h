// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/shared_params.h"

namespace gradwright::layers {

/// The declaration that maximum and average pooling share.
LayerDef pooling2d(std::string key, std::string title, std::string doc);
PoolOp poolingOp(const LowerContext& context, PoolKind kind);
Window poolingWindow(const CodeContext& context);

/// Whether PyTorch's pooling can pad like that: alike on both sides, by half the kernel at most.
bool torchPads(const Window& window);
/// A call of PyTorch's `function` on `x`; `rest` are further arguments.
std::string torchPool(std::string_view function, const Window& window, const std::string& x,
                      std::initializer_list<std::string> rest = {});
/// A call of Keras's `layer`, named, on `x`; `padding` is "same" or nothing.
std::string kerasPool(std::string_view layer, const CodeContext& context, const std::string& x,
                      std::string_view padding = {});

} // namespace gradwright::layers
