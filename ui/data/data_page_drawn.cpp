// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a person says about single samples on the Data page, and draws there.
#include "engine/data/images/added_images.h"
#include "engine/data/images/image_corrections.h"
#include "engine/data/survey/sample_selection.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/support/error.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/data/sample_browser.h"
#include "ui/drawing/drawing_dialog.h"
#include "ui/drawing/drawn_set.h"
#include "ui/session/data_change.h"
#include "ui/theme/shown_image.h"
#include "ui/theme/text.h"

#include <exception>
#include <variant>

namespace gradwright {

/// What a person says about an image goes into the project; its file stays as it is.
void DataPage::correctSample(const SampleId& sample, const QString& name) {
    const DataChoice& choice = document_->project().data;
    if (isLocked() || !review_->parts() || !samples_->shown())
        return;
    const std::string path = originOf(*samples_->shown()->data, sample);
    if (const auto added = addedImageOf(path); !added.empty()) {
        if (name.isEmpty())
            drawn_->remove(added);
        else
            drawn_->move(added, name);
        return;
    }
    if (choice.dataset == "csv") {
        correctRow(sample, name);
        return;
    }
    if (choice.dataset != "images") {
        showMessage(tr("Only images that were added here, those of image folders, and rows of "
                       "tables can be put into another class or left out."));
        return;
    }
    try {
        const bool isOfTestFolder =
            sample.part == DataPart::Test && choice.params.contains("test_folder");
        const QString file = qstr(path);
        change_->make(
            name.isEmpty() ? tr("Leave out %1").arg(file) : tr("Put %1 into %2").arg(file, name),
            withCorrection(choice, {(isOfTestFolder ? "test:" : "") + path, name.toStdString()}));
        Q_EMIT hint(
            name.isEmpty()
                ? tr("%1 is left out; Undo brings it back. The file stays.").arg(file)
                : tr("%1 counts as %2; Undo takes it back. The file stays.").arg(file, name));
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

/// The row is read from the file again, so that the correction holds for what stands there.
void DataPage::correctRow(const SampleId& sample, const QString& name) {
    const DataChoice& choice = document_->project().data;
    const QString origin = qstr(originOf(*samples_->shown()->data, sample));
    const auto line = origin.section(u' ', -1).toUInt(); // "line 17"
    const auto found = choice.params.find("test_file");
    const bool isOfTestFile = sample.part == DataPart::Test && found != choice.params.end() &&
                              !std::get<std::string>(found->second).empty();
    jobs_.start([this, choice, line, isOfTestFile, name,
                 origin](const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            const FoundRow row = findRow(choice, line, isOfTestFile, name.toStdString());
            return [this, row, name, origin, file = choice.params] {
                const DataChoice& now = document_->project().data;
                if (isLocked() || now.dataset != "csv" || now.params.at("file") != file.at("file"))
                    return; // it is no row of the project any more
                try {
                    change_->make(name.isEmpty() ? tr("Leave out %1").arg(origin)
                                                 : tr("Put %1 into %2").arg(origin, name),
                                  withRowCorrection(now, row));
                    Q_EMIT hint(
                        name.isEmpty()
                            ? tr("%1 is left out; Undo brings it back. The file stays.").arg(origin)
                            : tr("%1 counts as %2; Undo takes it back. The file stays.")
                                  .arg(origin, name));
                } catch (const Error& error) {
                    showMessage(QString::fromUtf8(error.what()));
                }
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] { showMessage(reason); };
        }
    });
}

void DataPage::drawSamples() {
    const auto& parts = review_->parts();
    if (!parts || !drawn_->obstacle().isEmpty())
        return;
    auto* const dialog =
        new DrawingDialog(*themes_, *drawn_, samples_->label(),
                          areDrawings(document_->project().data, parts->data->info), window());
    dialog->open();
}

/// Whether single samples can be changed here, and new ones be drawn.
void DataPage::showDrawing() {
    const auto& parts = review_->parts();
    const bool isOfImages = parts && parts->data->info.input.rank() == 3 &&
                            parts->data->info.columns.empty() && parts->data->info.hasClasses();
    const std::string& kind = document_->project().data.dataset;
    const bool isOfRows = parts && kind == "csv" && !isLocked();
    const bool isOfFiles = isOfImages && (kind == "images" || !drawn_->folder().empty());
    samples_->setCorrectable(isOfFiles || isOfRows,
                             isOfFiles || (isOfRows && parts->data->info.hasClasses()));
    samples_->setDrawing(isOfImages, drawn_->obstacle());
}

} // namespace gradwright
