// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/method_options.h"

#include "app/cli/exit_codes.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace gradwright::cli {

void MethodOptions::addTo(CLI::App& command) {
    command
        .add_option("--methods", names_,
                    "Keys with commas between them (all that fit the data); baseline --list tells "
                    "them")
        ->delimiter(',');
    command.add_option("--set", assignments_, "METHOD.PARAMETER=VALUE, such as svm-rbf.c=10")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

std::vector<std::pair<const MethodDef*, ParamValues>> MethodOptions::chosen(bool classes) const {
    std::vector<std::pair<const MethodDef*, ParamValues>> all;
    for (const auto& method : classicalMethods())
        if (names_.empty() && (classes ? method.forClasses : method.forValues))
            all.emplace_back(&method, ParamValues());
    for (const auto& name : names_) {
        const auto& method = [&]() -> const MethodDef& {
            try {
                return classicalMethod(name);
            } catch (const Error& error) {
                throw UsageError("--methods: {}", error.what());
            }
        }();
        if (!(classes ? method.forClasses : method.forValues))
            throw UsageError("--methods: {} learns {}, and the samples have {}", name,
                             classes ? "values" : "classes", classes ? "classes" : "values");
        all.emplace_back(&method, ParamValues());
    }
    for (const auto& assignment : assignments_) {
        const auto equals = assignment.find('=');
        const auto dot = assignment.find('.');
        if (equals == std::string::npos || dot == std::string::npos || dot > equals)
            throw UsageError("--set takes METHOD.PARAMETER=VALUE, such as svm-rbf.c=10, not \"{}\"",
                             assignment);
        const auto name = assignment.substr(0, dot);
        const auto key = assignment.substr(dot + 1, equals - dot - 1);
        const auto found =
            std::ranges::find(all, name, [](const auto& each) { return each.first->key; });
        if (found == all.end())
            throw UsageError("--set {}: {} is not among the methods", assignment, name);
        const auto* const param = findParam(found->first->params, key);
        if (!param) {
            std::string known;
            for (const auto& each : found->first->params)
                known += (known.empty() ? "" : ", ") + each.key;
            throw UsageError("--set {}: {} has no parameter \"{}\"; it has {}", assignment, name,
                             key, known.empty() ? "none" : known);
        }
        try {
            auto value = paramFromText(*param, assignment.substr(equals + 1));
            if (const auto reason = whyInvalid(*param, value))
                throw UsageError("--set {}: {}", assignment, *reason);
            found->second[key] = std::move(value);
        } catch (const UsageError&) {
            throw;
        } catch (const Error& error) {
            throw UsageError("--set {}: {}", assignment, error.what());
        }
    }
    return all;
}

} // namespace gradwright::cli
