// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/data_text.h"

#include "ui/theme/counted_text.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace gradwright {
namespace {

constexpr qsizetype kMostNames = 12;

QString translated(const char* text) {
    return QCoreApplication::translate("DataText", text);
}

QString shapeText(const Shape& shape) {
    return qstr(toString(shape));
}

QString firstOf(const QStringList& names) {
    return names.size() > kMostNames
               ? names.mid(0, kMostNames).join(QStringLiteral(", ")) + QStringLiteral(" …")
               : names.join(QStringLiteral(", "));
}

DataColumn columnOf(const TableColumn& column) {
    const QString name = qstr(column.name);
    if (column.image)
        return {column.name, translated("%1 (image)").arg(name),
                (column.image->shape[0] == 1
                     ? translated("Names of image files, read in gray as %1.")
                     : translated("Names of image files, read in colour as %1."))
                    .arg(shapeText(column.image->shape))};
    if (column.isNumeric())
        return {column.name, name, translated("Numbers.")};
    QStringList categories;
    for (const std::string& category : column.categories)
        categories << qstr(category);
    return {column.name, name,
            translated("Categories, one input each: %1.").arg(firstOf(categories))};
}

/// "Rows of an image (photo 1×4×4) and 2 numbers": what a table's row gives the network.
QString rowsText(const DataInfo& info) {
    QStringList images;
    std::size_t numbers = 0;
    for (const TableColumn& column : info.columns) {
        if (column.image)
            images << translated("%1 %2").arg(qstr(column.name), shapeText(column.image->shape));
        else
            numbers += column.inputs();
    }
    const QString values =
        numbers == 1 ? translated("1 number") : translated("%1 numbers").arg(numbers);
    if (images.isEmpty())
        return translated("Rows of %1").arg(values);
    const QString text =
        images.size() == 1
            ? translated("an image (%1)").arg(firstOf(images))
            : translated("%1 images (%2)").arg(QString::number(images.size()), firstOf(images));
    return numbers == 0 ? translated("Rows of %1").arg(text)
                        : translated("Rows of %1 and %2").arg(text, values);
}

/// "Images of 1×28×28", "Rows of 5 numbers", "Texts of 64 characters", "2 numbers per sample".
QString samplesText(const DataInfo& info) {
    const bool areFiles = std::ranges::any_of(
        info.columns, [](const TableColumn& column) { return column.image.has_value(); });
    // Pixels of a table are an image.
    if (!info.columns.empty() && (areFiles || info.input.rank() != 3))
        return rowsText(info);
    if (info.input.rank() == 3)
        return translated("Images of %1").arg(shapeText(info.input));
    if (info.hasClasses() && info.labels() > 1)
        return countedText(info.labels(), translated("Texts of 1 character"),
                           translated("Texts of %1 characters"));
    if (info.input.rank() == 1)
        return info.input[0] == 1 ? translated("1 number per sample")
                                  : translated("%1 numbers per sample").arg(info.input[0]);
    return translated("Samples of %1").arg(shapeText(info.input));
}

} // namespace

std::vector<DataColumn> dataColumns(const std::optional<DataInfo>& info) {
    std::vector<DataColumn> columns;
    if (info)
        for (const TableColumn& column : info->columns)
            columns.push_back(columnOf(column));
    return columns;
}

QString dataText(const DataInfo& info) {
    const QString samples = samplesText(info);
    if (info.reconstructs)
        return translated("%1, to be reproduced").arg(samples);
    if (!info.hasClasses()) {
        if (info.target.rank() == 3)
            return translated("%1, with an image of %2 to predict")
                .arg(samples, shapeText(info.target));
        return info.target.elements() == 1
                   ? translated("%1, with one value to predict").arg(samples)
                   : translated("%1, with %2 values to predict")
                         .arg(samples, QString::number(info.target.elements()));
    }
    QStringList classes;
    for (const std::string& name : info.classes)
        classes << shownCharacter(name);
    return translated("%1; %2 classes: %3")
        .arg(samples, QString::number(classes.size()), firstOf(classes));
}

} // namespace gradwright
