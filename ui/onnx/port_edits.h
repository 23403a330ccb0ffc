// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_outline.h"

#include <QString>

#include <cstddef>
#include <optional>

namespace gradwright {

/// A step of the document and what the menu calls it.
struct OnnxChange {
    OnnxEdits edits;
    QString text;
};

/// What an axis of an input or output becomes by what was typed: a number fixes it, with all axes
/// of its name; a name names it, with all axes that had the same; nothing or "?" leaves it open.
/// Nothing where the text says what is there. Throws Error for what is neither.
std::optional<OnnxChange> axisChange(const OnnxPort& port, std::size_t axis, const QString& typed);

/// What a field for the axis holds: "224", "batch" or "?".
QString axisText(const OnnxAxis& axis);

} // namespace gradwright
