// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/pytorch_writer.h"

#include "engine/io/python_lines.h"
#include "engine/io/python_writer.h"

#include <fmt/format.h>

namespace gradwright {
namespace {

constexpr auto kTorchImports = R"(# Written by Gradwright. Needs the packages torch and safetensors.
import sys

import torch
{}from safetensors.torch import load_file
from torch import nn

)";

/// PyTorch counts batches, Gradwright does not.
constexpr auto kTorchLoadWeights = R"(
    def load_weights(self, path):
        """Takes the weights from a safetensors file that Gradwright wrote."""
        tensors = load_file(path)
        state = self.state_dict()
        for key in state:
            layer, _, weight = key.partition(".")
            if weight != "num_batches_tracked":
                state[key] = tensors[f"{{PATHS[layer]}}/{{weight{}}}"]
        self.load_state_dict(state)
)";

constexpr auto kMain = R"(

if __name__ == "__main__":
    net = Net().eval()
    if len(sys.argv) > 1:
        net.load_weights(sys.argv[1])
    with torch.no_grad():
)";

} // namespace

std::string pytorchFile(const Network& network) {
    const PythonNetwork python(network);
    std::string paths;
    std::string modules;
    std::string forward;
    bool isSuffixed = false;
    for (const auto& layer : python.layers()) {
        const auto code = layer.node->layer->pytorch(layer.code());
        if (!layer.weights.empty())
            paths += fmt::format("    \"{}\": \"{}\",\n", layer.name, layer.node->path);
        if (!code.module.empty())
            modules += fmt::format("        self.{} = {}\n", layer.name, code.module);
        forward += fmt::format("        {} = {}\n", layer.name, code.value);
        isSuffixed = isSuffixed || code.isSuffixed;
    }
    std::string examples;
    for (const auto& input : python.inputs())
        examples += fmt::format("{}torch.zeros{}", examples.empty() ? "" : ", ",
                                pythonTuple(input.output.withBatch(1).dims()));

    std::string file = fmt::format(
        kTorchImports, usesModule(forward, "F") ? "import torch.nn.functional as F\n" : "");
    file += fmt::format("# Where the file of weights has those of each layer.\nPATHS = {{\n{}}}\n",
                        paths);
    file += fmt::format("\n\nclass Net(nn.Module):\n    \"\"\"{}\"\"\"\n\n", python.description());
    file += fmt::format("    def __init__(self):\n        super().__init__()\n{}\n", modules);
    file += fmt::format("    def forward(self, {}):\n{}        return {}\n", python.inputNames(),
                        forward, python.result());
    file += fmt::format(kTorchLoadWeights, isSuffixed ? ".removesuffix('_')" : "");
    file += kMain;
    file += fmt::format("        print(net({}))\n", examples);
    return wrappedPython(file);
}

} // namespace gradwright
