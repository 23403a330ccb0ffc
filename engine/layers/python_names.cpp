// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/python_names.h"

#include <algorithm>
#include <array>

namespace gradwright::code {
namespace {

constexpr auto kPythonKeywords = std::to_array<std::string_view>(
    {"False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
     "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
     "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
     "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"});

constexpr auto kTorchModuleMembers = std::to_array<std::string_view>(
    {"T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
     "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
     "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu",
     "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
     "named_parameters", "parameters", "register_backward_hook", "register_buffer",
     "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
     "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
     "register_load_state_dict_pre_hook", "register_module", "register_parameter",
     "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
     "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
     "training", "type", "xpu", "zero_grad",
     // Of torch.fx.GraphModule.
     "add_submodule", "code", "delete_all_unused_submodules", "delete_submodule", "graph", "meta",
     "print_readable", "recompile", "shape_env", "to_folder"});

/// Those of nn.ParameterDict beside the module's.
constexpr auto kParameterDictMembers =
    std::to_array<std::string_view>({"clear", "copy", "fromkeys", "get", "items", "keys", "pop",
                                     "popitem", "setdefault", "update", "values"});

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

} // namespace

std::span<const std::string_view> pythonKeywords() {
    return kPythonKeywords;
}

std::span<const std::string_view> torchModuleMembers() {
    return kTorchModuleMembers;
}

bool isPythonKeyword(std::string_view name) {
    return contains(kPythonKeywords, name);
}

bool isTakenInParameterDict(std::string_view name) {
    return isPythonKeyword(name) || contains(kTorchModuleMembers, name) ||
           contains(kParameterDictMembers, name);
}

} // namespace gradwright::code
