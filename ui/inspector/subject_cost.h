// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/graph_scope.h"
#include "ui/inspector/subject.h"

#include <QString>

namespace gradwright {

/// What the selected nodes cost for one sample; inside a block, in the instance that was entered.
struct SubjectCost {
    std::int64_t parameters = 0;
    std::int64_t macs = 0;
    std::int64_t values = 0; ///< of their outputs
};

SubjectCost costOf(const Subject& subject, const GraphScope& scope, const Analysis& analysis);

/// "In 1×28×28 → Out 6×28×28" of a single node.
QString shapesText(const Subject& subject, const GraphScope& scope, const Analysis& analysis);

} // namespace gradwright
