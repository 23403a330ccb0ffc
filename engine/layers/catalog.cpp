// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/catalog.h"

#include "engine/layers/shared_params.h"
#include "engine/support/error.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace gradwright {

// One line a layer: its declaration here is all the registration there is.
#define GRADWRIGHT_LAYERS(X)                                                                       \
    X(input)                                                                                       \
    X(output)                                                                                      \
    X(blockInput)                                                                                  \
    X(blockOutput)                                                                                 \
    X(conv2d)                                                                                      \
    X(conv1d)                                                                                      \
    X(conv3d)                                                                                      \
    X(depthwiseConv2d)                                                                             \
    X(separableConv2d)                                                                             \
    X(convTranspose2d)                                                                             \
    X(dense)                                                                                       \
    X(identity)                                                                                    \
    X(relu)                                                                                        \
    X(leakyRelu)                                                                                   \
    X(prelu)                                                                                       \
    X(relu6)                                                                                       \
    X(elu)                                                                                         \
    X(selu)                                                                                        \
    X(celu)                                                                                        \
    X(gelu)                                                                                        \
    X(geluTanh)                                                                                    \
    X(silu)                                                                                        \
    X(mish)                                                                                        \
    X(hardSwish)                                                                                   \
    X(softplus)                                                                                    \
    X(sigmoid)                                                                                     \
    X(hardSigmoid)                                                                                 \
    X(tanh)                                                                                        \
    X(hardTanh)                                                                                    \
    X(softsign)                                                                                    \
    X(step)                                                                                        \
    X(formula)                                                                                     \
    X(softmax)                                                                                     \
    X(logSoftmax)                                                                                  \
    X(batchNorm)                                                                                   \
    X(layerNorm)                                                                                   \
    X(groupNorm)                                                                                   \
    X(instanceNorm)                                                                                \
    X(rmsNorm)                                                                                     \
    X(localResponseNorm)                                                                           \
    X(maxPool2d)                                                                                   \
    X(averagePool2d)                                                                               \
    X(globalAveragePool)                                                                           \
    X(globalMaxPool)                                                                               \
    X(adaptiveAveragePool)                                                                         \
    X(maxPool1d)                                                                                   \
    X(averagePool1d)                                                                               \
    X(maxPool3d)                                                                                   \
    X(averagePool3d)                                                                               \
    X(dropout)                                                                                     \
    X(spatialDropout)                                                                              \
    X(gaussianNoise)                                                                               \
    X(flatten)                                                                                     \
    X(reshape)                                                                                     \
    X(permute)                                                                                     \
    X(pad)                                                                                         \
    X(crop)                                                                                        \
    X(upsample)                                                                                    \
    X(slice)                                                                                       \
    X(split)                                                                                       \
    X(onnxNode)                                                                                    \
    X(add)                                                                                         \
    X(subtract)                                                                                    \
    X(multiply)                                                                                    \
    X(average)                                                                                     \
    X(maximum)                                                                                     \
    X(minimum)                                                                                     \
    X(concatenate)                                                                                 \
    X(embedding)                                                                                   \
    X(simpleRnn)                                                                                   \
    X(lstm)                                                                                        \
    X(gru)                                                                                         \
    X(multiHeadSelfAttention)                                                                      \
    X(positionalEncoding)                                                                          \
    X(classToken)

namespace layers {
#define GRADWRIGHT_DECLARE(name) LayerDef name();
GRADWRIGHT_LAYERS(GRADWRIGHT_DECLARE)
#undef GRADWRIGHT_DECLARE
} // namespace layers

const std::vector<LayerDef>& layerCatalog() {
    static const std::vector<LayerDef> all = [] {
        std::vector<LayerDef> list;
#define GRADWRIGHT_LIST(name) list.push_back(layers::name());
        GRADWRIGHT_LAYERS(GRADWRIGHT_LIST)
#undef GRADWRIGHT_LIST
        for (auto& def : list)
            if (def.hasWeights)
                std::ranges::copy(layers::learningParams(), std::back_inserter(def.params));
        return list;
    }();
    return all;
}

const LayerDef* findLayer(std::string_view key) {
    static const auto byKey = [] {
        std::unordered_map<std::string_view, const LayerDef*> map;
        for (const auto& def : layerCatalog())
            map.emplace(def.key, &def);
        return map;
    }();
    const auto found = byKey.find(key);
    return found == byKey.end() ? nullptr : found->second;
}

const LayerDef& layer(std::string_view key) {
    if (const auto* def = findLayer(key))
        return *def;
    throw Error("there is no layer \"{}\"; `gradwright-cli layers` lists those there are", key);
}

} // namespace gradwright
