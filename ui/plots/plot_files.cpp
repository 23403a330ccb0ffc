// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_files.h"

#include "engine/support/error.h"
#include "ui/forms/save_dialog.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QPdfWriter>
#include <QPixmap>
#include <QSaveFile>
#include <QSvgGenerator>

namespace gradwright {
namespace {

void writePlot(const QString& file, const QByteArray& bytes) {
    QSaveFile out(file);
    if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size() || !out.commit())
        throw Error("{}: {}", file.toStdString(), out.errorString().toStdString());
}

} // namespace

QString csvCell(QString text) {
    if (text.contains(u',') || text.contains(u'"') || text.contains(u'\n'))
        return u'"' + text.replace(u'"', QStringLiteral("\"\"")) + u'"';
    return text;
}

QString askPlotFile(QWidget& window, const QString& title) {
    QStringList filters;
    QStringList endings;
    for (const char* const ending : {"png", "svg", "pdf", "csv"}) {
        const auto suffix = QString::fromLatin1(ending);
        filters << QStringLiteral("%1 (*.%2)").arg(suffix.toUpper(), suffix);
        endings << u'.' + suffix;
    }
    return askSaveFile(&window, QCoreApplication::translate("PlotFiles", "Save plot"),
                       title.toLower() + QStringLiteral(".png"), filters, endings);
}

void exportPlot(const QString& file, QSize size, const QString& title, const QString& csv,
                const std::function<void(QPaintDevice& device, double scale)>& paint) {
    const auto suffix = QFileInfo(file).suffix().toLower();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    if (suffix == QStringLiteral("csv")) {
        bytes = csv.toUtf8();
    } else if (suffix == QStringLiteral("png")) {
        QPixmap pixmap(size * 2);
        paint(pixmap, 2);
        buffer.open(QIODevice::WriteOnly);
        if (!pixmap.save(&buffer, "PNG"))
            throw Error("{}: the picture could not be encoded", file.toStdString());
    } else if (suffix == QStringLiteral("svg")) {
        QSvgGenerator svg;
        svg.setOutputDevice(&buffer);
        svg.setSize(size);
        svg.setViewBox(QRect(QPoint(), size));
        svg.setTitle(title);
        paint(svg, 1);
    } else if (suffix == QStringLiteral("pdf")) {
        buffer.open(QIODevice::WriteOnly);
        QPdfWriter pdf(&buffer);
        pdf.setResolution(96);
        pdf.setPageMargins({});
        pdf.setPageSize(QPageSize(QSizeF(size) * 72 / 96, QPageSize::Point));
        paint(pdf, 1);
    } else {
        throw Error("{}: a plot is exported as png, svg, pdf or csv", file.toStdString());
    }
    writePlot(file, bytes);
}

} // namespace gradwright
