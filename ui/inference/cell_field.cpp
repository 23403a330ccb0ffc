// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/cell_field.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "ui/forms/file_dialogs.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QComboBox>
#include <QCompleter>
#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QImageReader>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMimeData>
#include <QSignalBlocker>
#include <QSlider>
#include <QStyle>
#include <QToolButton>
#include <QUrl>

#include <algorithm>
#include <cmath>
#include <optional>

namespace gradwright {
namespace {

constexpr int kSliderSteps = 200;
constexpr int kSearchedFrom = 12; // categories
constexpr int kPreview = 40;      // pixels a side

void showInvalid(QWidget& field, bool invalid) {
    if (field.property("invalid").toBool() == invalid)
        return;
    field.setProperty("invalid", invalid);
    field.style()->unpolish(&field);
    field.style()->polish(&field);
}

/// The wheel scrolls the form.
template <class Field>
class Unwheeled final : public Field {
public:
    using Field::Field;

protected:
    void wheelEvent(QWheelEvent* event) override { event->ignore(); }
};

class NumberField final : public CellField {
public:
    NumberField(const TableColumn& column, const ColumnSummary& seen)
        : seen_(seen)
        , line_(new QLineEdit)
        , slider_(new Unwheeled<QSlider>(Qt::Horizontal)) {
        line_->setObjectName(QStringLiteral("number"));
        line_->setAccessibleName(qstr(column.name));
        line_->setFixedWidth(92);
        line_->setPlaceholderText(seen.missing > 0 ? tr("missing") : QString());
        slider_->setRange(0, steps());
        slider_->setAccessibleName(tr("%1, slider").arg(qstr(column.name)));
        slider_->setEnabled(seen.most > seen.least);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(8);
        row->addWidget(slider_, 1);
        row->addWidget(line_);
        setFocusProxy(line_);
        QObject::connect(line_, &QLineEdit::textEdited, this, [this] {
            showOnSlider();
            showInvalid(*line_, !problem().isEmpty());
            Q_EMIT edited();
        });
        QObject::connect(slider_, &QSlider::valueChanged, this, [this](int position) {
            line_->setText(textAt(position));
            showInvalid(*line_, false);
            Q_EMIT edited();
        });
    }

    [[nodiscard]] std::string cell() const override {
        return line_->text().trimmed().toStdString();
    }
    void setCell(const std::string& cell) override {
        line_->setText(qstr(cell));
        showOnSlider();
        showInvalid(*line_, !problem().isEmpty());
    }
    [[nodiscard]] QString problem() const override {
        if (isMissing(cell()) || number())
            return {};
        return tr("“%1” is not a number").arg(line_->text().trimmed());
    }

private:
    [[nodiscard]] std::optional<double> number() const { return numberOf(cell(), ';'); }
    [[nodiscard]] double range() const { return seen_.most - seen_.least; }
    [[nodiscard]] int steps() const {
        return seen_.whole && range() < 5 * kSliderSteps ? static_cast<int>(range()) : kSliderSteps;
    }
    [[nodiscard]] QString textAt(int position) const {
        const double value = seen_.least + range() * position / std::max(1, steps());
        if (seen_.whole)
            return QString::number(std::round(value), 'f', 0);
        // As many digits as tell one position from the next.
        const int digits = static_cast<int>(std::ceil(-std::log10(range() / kSliderSteps)));
        return QString::number(value, 'f', std::clamp(digits, 0, 9));
    }
    void showOnSlider() {
        const QSignalBlocker quiet(slider_);
        const double value = number().value_or(seen_.mean);
        const double share = range() > 0 ? (value - seen_.least) / range() : 0;
        slider_->setValue(static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * steps())));
    }

    ColumnSummary seen_;
    QLineEdit* line_;
    QSlider* slider_;
};

class CategoryField final : public CellField {
public:
    CategoryField(const TableColumn& column, const ColumnSummary& seen)
        : box_(new Unwheeled<QComboBox>) {
        box_->setObjectName(QStringLiteral("category"));
        box_->setAccessibleName(qstr(column.name));
        for (const auto& each : column.categories)
            box_->addItem(qstr(each), qstr(each));
        if (seen.missing > 0)
            box_->addItem(tr("missing"), QString());
        if (box_->count() > kSearchedFrom) {
            box_->setEditable(true); // any part of a name finds it
            box_->setInsertPolicy(QComboBox::NoInsert);
            box_->completer()->setCompletionMode(QCompleter::PopupCompletion);
            box_->completer()->setFilterMode(Qt::MatchContains);
        }
        box_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box_->setMinimumContentsLength(8);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(0, 0, 0, 0);
        row->addWidget(box_);
        setFocusProxy(box_);
        QObject::connect(box_, &QComboBox::currentIndexChanged, this, &CellField::edited);
    }

    [[nodiscard]] std::string cell() const override {
        return box_->currentData().toString().toStdString();
    }
    void setCell(const std::string& cell) override {
        const QSignalBlocker quiet(box_);
        int index = box_->findData(qstr(cell));
        if (index < 0 && cell.empty()) { // of a row that was not trained on
            box_->addItem(tr("missing or unknown"), QString());
            index = box_->count() - 1;
        }
        box_->setCurrentIndex(index);
    }

private:
    QComboBox* box_;
};

class ImageField final : public CellField {
public:
    ImageField(const TableColumn& column, ThemeManager& theme)
        : name_(qstr(column.name))
        , line_(new QLineEdit)
        , preview_(new QLabel) {
        setAcceptDrops(true);
        line_->setObjectName(QStringLiteral("image"));
        line_->setAcceptDrops(false); // as a path, not as text
        line_->setAccessibleName(name_);
        line_->setPlaceholderText(tr("Image file"));
        preview_->setObjectName(QStringLiteral("preview"));
        preview_->setFixedSize(kPreview, kPreview);
        preview_->setAlignment(Qt::AlignCenter);
        preview_->setProperty("role", QStringLiteral("inset"));
        auto* browse = new QToolButton;
        browse->setIcon(theme.icon(QStringLiteral("open")));
        browse->setToolTip(tr("Choose an image for %1").arg(name_));
        browse->setAccessibleName(browse->toolTip());
        browse->setFixedSize(28, 28);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(6);
        row->addWidget(preview_);
        row->addWidget(line_, 1);
        row->addWidget(browse);
        setFocusProxy(line_);
        QObject::connect(line_, &QLineEdit::editingFinished, this, [this] { take(line_->text()); });
        QObject::connect(browse, &QToolButton::clicked, this, [this] {
            const auto file = askOpenFile(this, tr("Image for %1").arg(name_),
                                          tr("Images (*.png *.jpg *.jpeg)"), line_->text());
            if (!file.isEmpty())
                take(file);
        });
    }

    [[nodiscard]] std::string cell() const override { return line_->text().toStdString(); }
    void setCell(const std::string& cell) override {
        taken_ = qstr(cell);
        line_->setText(taken_);
        line_->setToolTip(taken_);
        QImageReader reader(taken_);
        reader.setAutoTransform(true);
        const auto size = reader.size();
        reader.setScaledSize(size.scaled(kPreview, kPreview, Qt::KeepAspectRatio));
        const auto image = taken_.isEmpty() ? QImage() : reader.read();
        preview_->setPixmap(image.isNull() ? QPixmap() : QPixmap::fromImage(image));
        showInvalid(*line_, !problem().isEmpty());
    }
    [[nodiscard]] QString problem() const override {
        if (taken_.isEmpty())
            return tr("Choose an image for %1").arg(name_);
        const auto why = whyNoPicture(taken_.toStdString(), false);
        return why ? qstr(*why) : QString();
    }

protected:
    void dragEnterEvent(QDragEnterEvent* event) override {
        if (event->mimeData()->urls().size() == 1 &&
            event->mimeData()->urls().front().isLocalFile())
            event->acceptProposedAction();
    }
    void dropEvent(QDropEvent* event) override {
        take(event->mimeData()->urls().front().toLocalFile());
        event->acceptProposedAction();
    }

private:
    void take(const QString& file) {
        if (file == taken_)
            return;
        setCell(file.trimmed().toStdString());
        Q_EMIT edited();
    }

    QString name_;
    QString taken_;
    QLineEdit* line_;
    QLabel* preview_;
};

} // namespace

CellField* CellField::make(const TableColumn& column, const ColumnSummary& seen,
                           ThemeManager& theme) {
    if (column.image)
        return new ImageField(column, theme);
    if (column.isNumeric())
        return new NumberField(column, seen);
    return new CategoryField(column, seen);
}

} // namespace gradwright

#include "moc_cell_field.cpp"
