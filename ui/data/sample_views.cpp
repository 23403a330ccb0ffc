// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/sample_views.h"

#include "ui/data/sample_pictures.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHeaderView>
#include <QPainter>
#include <QResizeEvent>
#include <QScrollBar>
#include <QStyledItemDelegate>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kPicture = 56;
constexpr int kTileCaption = 20;
constexpr int kTileGap = 10;
constexpr int kTileHeight = kPicture + kTileCaption + kTileGap;
constexpr int kLeastTile = kPicture + kTileGap;

/// An image with its class below.
class TileDelegate final : public QStyledItemDelegate {
public:
    TileDelegate(SamplePictures& pictures, const ThemeManager& themes, TileView& view)
        : QStyledItemDelegate(&view)
        , pictures_(&pictures)
        , themes_(&themes)
        , view_(&view) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const int place = view_->tiles().placeAt(index);
        if (place < 0)
            return;
        const auto& shown = *view_->tiles().samples();
        const auto at = static_cast<std::size_t>(place);
        const Theme& theme = themes_->theme();
        QRect box(0, 0, kPicture, kPicture);
        box.moveCenter({option.rect.center().x(), 0});
        box.moveTop(option.rect.top() + kTileGap / 2);
        painter->save();
        painter->setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
        painter->setPen(QPen(theme.divider, 1));
        painter->drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5));
        if (const QImage image = pictures_->picture(shown.samples[at]); !image.isNull()) {
            QRect spot(QPoint(), image.size().scaled(box.size(), Qt::KeepAspectRatio));
            spot.moveCenter(box.center());
            painter->drawImage(spot, image);
        }
        const bool isSelected = option.state & QStyle::State_Selected;
        if (isSelected) {
            painter->setPen(QPen(theme.focus, 2));
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(QRectF(box).adjusted(-3, -3, 3, 3), 4, 4);
        }
        const bool isWrong =
            at < shown.predicted.size() && !shown.isCorrected(at) &&
            shown.predicted[at] !=
                sourceOf(*shown.data, shown.samples[at]).label(shown.samples[at].index);
        painter->setPen(isWrong ? theme.error : theme.text2);
        painter->setFont(textFont(type::kCaption, isSelected ? QFont::DemiBold : QFont::Normal));
        const QRect caption(option.rect.left() + 2, box.bottom() + 3, option.rect.width() - 4,
                            kTileCaption - 4);
        painter->drawText(
            caption, Qt::AlignHCenter | Qt::AlignVCenter,
            painter->fontMetrics().elidedText(shown.answer(at), Qt::ElideRight, caption.width()));
        painter->restore();
    }

private:
    SamplePictures* pictures_;
    const ThemeManager* themes_;
    TileView* view_;
};

} // namespace

QString titleOf(DataPart part) {
    switch (part) {
    case DataPart::Training:
        return TileView::tr("Training");
    case DataPart::Validation:
        return TileView::tr("Validation");
    case DataPart::Test:
        return TileView::tr("Test");
    }
    return {};
}

QString ShownSamples::answer(std::size_t place) const {
    const auto& info = data->info;
    const SampleId& sample = samples[place];
    if (!info.hasClasses() || info.labels() > 1)
        return place < losses.size() ? QString::number(static_cast<double>(losses[place]), 'g', 3)
                                     : QString();
    const auto nameOf = [&](std::int32_t label) {
        return qstr(info.classes.at(static_cast<std::size_t>(label)));
    };
    const std::int32_t own = sourceOf(*data, sample).label(sample.index);
    if (isCorrected(place))
        return TileView::tr("%1, corrected").arg(nameOf(own));
    if (place < predicted.size() && predicted[place] != own)
        return QStringLiteral("%1 → %2").arg(nameOf(own), nameOf(predicted[place]));
    return nameOf(own);
}

QString ShownSamples::description(std::size_t place) const {
    const SampleId& sample = samples[place];
    QString text =
        TileView::tr("%1, %2").arg(qstr(originOf(*data, sample)), titleOf(sample.part).toLower());
    if (const QString own = answer(place); !own.isEmpty())
        text = TileView::tr("%1: %2").arg(own, text);
    if (place < losses.size() && !isCorrected(place))
        text += TileView::tr(", loss %1").arg(static_cast<double>(losses[place]), 0, 'g', 3);
    return text;
}

// ---- the grid

void TileModel::setSamples(std::shared_ptr<const ShownSamples> samples) {
    beginResetModel();
    samples_ = std::move(samples);
    endResetModel();
}

void TileModel::setAcross(int tiles) {
    if (tiles == across_)
        return;
    beginResetModel();
    across_ = tiles;
    endResetModel();
}

int TileModel::placeAt(const QModelIndex& index) const {
    if (!index.isValid() || !samples_)
        return -1;
    const auto place = static_cast<std::int64_t>(index.row()) * across_ + index.column();
    return place < std::ssize(samples_->samples) ? static_cast<int>(place) : -1;
}

QModelIndex TileModel::indexOf(int place) const {
    return place < 0 ? QModelIndex() : index(place / across_, place % across_);
}

int TileModel::rowCount(const QModelIndex& parent) const {
    if (parent.isValid() || !samples_)
        return 0;
    return static_cast<int>((std::ssize(samples_->samples) + across_ - 1) / across_);
}

int TileModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : across_;
}

QVariant TileModel::data(const QModelIndex& index, int role) const {
    const int place = placeAt(index);
    if (place < 0)
        return {};
    if (role == Qt::ToolTipRole || role == Qt::AccessibleTextRole)
        return samples_->description(static_cast<std::size_t>(place));
    return {}; // painted by the view
}

Qt::ItemFlags TileModel::flags(const QModelIndex& index) const {
    return placeAt(index) < 0 ? Qt::NoItemFlags : QAbstractTableModel::flags(index);
}

TileView::TileView(SamplePictures& pictures, const ThemeManager& themes, QWidget* parent)
    : QTableView(parent)
    , model_(new TileModel(this)) {
    setModel(model_);
    setObjectName(QStringLiteral("sampleTiles"));
    setAccessibleName(tr("Samples"));
    setItemDelegate(new TileDelegate(pictures, themes, *this));
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    setStyleSheet(QStringLiteral("selection-background-color: transparent;")); // a ring says it
    horizontalHeader()->hide();
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(kTileHeight);
    verticalHeader()->setMinimumSectionSize(kTileHeight);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(
        Qt::ScrollBarAlwaysOn); // its coming and going would change the width
    verticalScrollBar()->setSingleStep(kTileHeight / 2);
    connect(&pictures, &SamplePictures::arrived, viewport(), qOverload<>(&QWidget::update));
    connect(selectionModel(), &QItemSelectionModel::currentChanged, this,
            &TileView::selectionMoved);
}

void TileView::setSamples(std::shared_ptr<const ShownSamples> samples) {
    model_->setSamples(std::move(samples));
    layOutTiles();
}

void TileView::select(int place) {
    const QModelIndex index = model_->indexOf(place);
    setCurrentIndex(index);
    if (index.isValid())
        scrollTo(index);
}

int TileView::selected() const {
    return model_->placeAt(currentIndex());
}

void TileView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    layOutTiles();
}

/// As wide as the longest class name asks for, up to twice the picture.
void TileView::layOutTiles() {
    int wide = kLeastTile;
    if (const auto& shown = model_->samples()) {
        const QFontMetrics metrics(textFont(type::kCaption));
        for (const std::string& name : shown->data->info.classes)
            wide = std::max(wide, metrics.horizontalAdvance(qstr(name)) + kTileGap);
    }
    wide = std::min(wide, 2 * kPicture);
    const int across = std::max(1, viewport()->width() / wide);
    if (across == model_->columnCount())
        return;
    const int place = selected();
    model_->setAcross(across);
    if (place >= 0)
        select(place);
}

// ---- rows

void RowModel::setSamples(std::shared_ptr<const ShownSamples> samples) {
    beginResetModel();
    rows_.clear();
    names_.clear();
    samples_ = std::move(samples);
    if (samples_)
        for (const std::string& name : sampleColumns(*samples_->data))
            names_ << qstr(name);
    endResetModel();
}

int RowModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || !samples_ ? 0 : static_cast<int>(samples_->samples.size());
}

int RowModel::columnCount(const QModelIndex& parent) const {
    if (parent.isValid() || !samples_)
        return 0;
    return kOwnColumns + static_cast<int>(names_.size()) + (samples_->losses.empty() ? 0 : 1) +
           (samples_->predicted.empty() ? 0 : 1);
}

QVariant RowModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid())
        return {};
    const auto place = static_cast<std::size_t>(index.row());
    if (role == Qt::ToolTipRole)
        return samples_->description(place);
    if (role != Qt::DisplayRole)
        return {};
    const SampleId& sample = samples_->samples[place];
    if (index.column() == 0)
        return qstr(originOf(*samples_->data, sample));
    if (index.column() == 1)
        return titleOf(sample.part);
    const int cell = index.column() - kOwnColumns;
    if (cell == names_.size() && samples_->isCorrected(place))
        return tr("corrected");
    if (cell == names_.size())
        return QString::number(static_cast<double>(samples_->losses[place]), 'g', 4);
    if (cell > names_.size())
        return qstr(
            samples_->data->info.classes.at(static_cast<std::size_t>(samples_->predicted[place])));
    const QStringList* row = rows_.object(index.row());
    if (row == nullptr) {
        auto* const made = new QStringList;
        for (const std::string& text : sampleCells(*samples_->data, sample))
            *made << qstr(text).simplified();
        rows_.insert(index.row(), made);
        row = made;
    }
    return row->value(cell);
}

QVariant RowModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    if (section == 0)
        return tr("Sample");
    if (section == 1)
        return tr("Part");
    const int cell = section - kOwnColumns;
    return cell < names_.size() ? names_[cell] : cell == names_.size() ? tr("Loss") : tr("Read as");
}

} // namespace gradwright

#include "moc_sample_views.cpp"
