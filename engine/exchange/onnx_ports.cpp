// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_ports.h"

#include "engine/onnx/onnx_tensors.h"

namespace gradwright {

OnnxPort onnxPort(const onnx_format::ValueInfoProto& proto) {
    OnnxPort port{proto.name(), proto.has_type() ? "no tensor" : "", false, {}};
    if (!proto.type().has_tensor_type())
        return port;
    const auto& tensor = proto.type().tensor_type();
    port.type = onnxTypeName(tensor.elem_type());
    port.hasShape = tensor.has_shape();
    for (const auto& dim : tensor.shape().dim()) {
        OnnxAxis axis;
        if (dim.has_dim_value())
            axis.length = dim.dim_value();
        else
            axis.name = dim.dim_param();
        port.axes.push_back(std::move(axis));
    }
    return port;
}

} // namespace gradwright
