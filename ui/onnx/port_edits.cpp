// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/port_edits.h"

#include "engine/support/error.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

namespace gradwright {
namespace {

QString portText(const char* text) {
    return QCoreApplication::translate("OnnxPorts", text);
}

} // namespace

QString axisText(const OnnxAxis& axis) {
    if (axis.length >= 0)
        return QString::number(axis.length);
    return axis.name.empty() ? QStringLiteral("?") : qstr(axis.name);
}

std::optional<OnnxChange> axisChange(const OnnxPort& port, std::size_t axis, const QString& typed) {
    const OnnxAxis& before = port.axes.at(axis);
    const QString text = typed.trimmed().isEmpty() ? QStringLiteral("?") : typed.trimmed();
    if (text == axisText(before))
        return {};
    const std::string place = fmt::format("{}:{}", port.name, axis);
    OnnxChange change;
    bool isNumber = false;
    const auto length = text.toLongLong(&isNumber);
    bool isReal = false;
    static_cast<void>(text.toDouble(&isReal));
    if (isNumber ? length < 1 : isReal)
        throw Error("An axis has a length from 1 on, a name, or ? where any length will do; \"{}\" "
                    "is none of these",
                    text.toStdString());
    if (isNumber) {
        change.edits.fixed[before.name.empty() ? place : before.name] = length;
        change.text =
            portText("%1 = %2").arg(qstr(before.name.empty() ? place : before.name), text);
    } else if (text == QStringLiteral("?")) {
        change.edits.freed[place] = {};
        change.text = portText("Leave %1 open").arg(qstr(place));
    } else if (!before.name.empty()) {
        change.edits.renamedAxes = {{before.name, text.toStdString()}};
        change.text = portText("Rename axis %1 to %2").arg(qstr(before.name), text);
    } else {
        change.edits.freed[place] = text.toStdString();
        change.text = portText("Name %1 %2").arg(qstr(place), text);
    }
    return change;
}

} // namespace gradwright
