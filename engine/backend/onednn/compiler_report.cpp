// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

void Compiler::startAccount() {
    reportedSteps_ = schedule_.steps();
    reportedReorders_ = report.reorders;
}

void Compiler::account(OpReport entry, std::vector<OpReport>& list) {
    entry.bytes = schedule_.bytesSince(reportedSteps_);
    entry.reorders = report.reorders - reportedReorders_;
    list.push_back(std::move(entry));
    startAccount();
}

OpReport Compiler::entryOf(const OpContext& context, const std::string& implementation,
                           const Layout& layout) const {
    const auto& op = context.op;
    OpReport entry;
    entry.path = op.path;
    entry.op = nameOf(op.attributes);
    entry.implementation = implementation;
    entry.layout = layout.name();
    if (const auto* fusedOp = std::get_if<FusedOp>(&op.attributes))
        entry.formula = formulaOf(*fusedOp);
    entry.macs = batch_ * macsOf(op.attributes, graph_.inputTypes(op));
    entry.operations = batch_ * graph_.operationsOf(op);
    return entry;
}

void Compiler::reportForward(const OpContext& context, const std::string& implementation,
                             const Layout& layout, std::vector<std::string> fused) {
    auto entry = entryOf(context, implementation, layout);
    entry.fused = std::move(fused);
    if (context.fused)
        entry.fused.push_back(info(context.fused->kind).key);
    if (schedule_.isBackward()) // an op of the gradient
        return account(std::move(entry), report.backward);
    lastSteps.push_back(schedule_.steps() > reportedSteps_ ? std::optional(schedule_.steps() - 1)
                                                           : std::nullopt);
    account(std::move(entry), report.ops);
}

void Compiler::reportBackward(const OpContext& context, const std::string& implementation,
                              const Layout& layout) {
    account(entryOf(context, implementation, layout), report.backward);
}

} // namespace gradwright::onednn
