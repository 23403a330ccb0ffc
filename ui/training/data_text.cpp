// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/data_text.h"

#include "ui/theme/text.h"

#include <QCoreApplication>
#include <QStringList>

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
            translated("Categories, a number each: %1.").arg(firstOf(categories))};
}

/// "3×64×64", or the images by name and how many numbers there are beside them.
QString samplesText(const DataInfo& info) {
    QStringList images;
    std::size_t numbers = 0;
    for (const TableColumn& column : info.columns) {
        if (column.image)
            images << translated("%1 %2").arg(qstr(column.name), shapeText(column.image->shape));
        else
            numbers += column.inputs();
    }
    if (images.isEmpty())
        return shapeText(info.input);
    const QString text =
        images.size() == 1
            ? translated("an image (%1)").arg(firstOf(images))
            : translated("%1 images (%2)").arg(QString::number(images.size()), firstOf(images));
    if (numbers == 0)
        return text;
    return numbers == 1 ? translated("%1 and a number").arg(text)
                        : translated("%1 and %2 numbers").arg(text, QString::number(numbers));
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
    if (!info.hasClasses())
        return info.target.elements() == 1
                   ? translated("Samples of %1, with one value to predict").arg(samples)
                   : translated("Samples of %1, with values of %2 to predict")
                         .arg(samples, shapeText(info.target));
    QStringList classes;
    for (const std::string& name : info.classes)
        classes << qstr(name);
    return translated("Samples of %1; %2 classes: %3")
        .arg(samples, QString::number(classes.size()), firstOf(classes));
}

} // namespace gradwright
