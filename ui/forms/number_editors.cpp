// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/number_editors.h"

#include "engine/support/error.h"
#include "ui/theme/text.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <QStyle>
#include <QToolButton>

#include <algorithm>
#include <limits>
#include <utility>

namespace gradwright {

namespace {

constexpr std::size_t kMostSpins = 6;
constexpr std::size_t kMostInRow = 3;
constexpr double kLargest = std::numeric_limits<int>::max() - 1; ///< that a spin box can hold

int clampToInt(double value) {
    return static_cast<int>(std::clamp(value, -kLargest, kLargest));
}

} // namespace

/// A spin box that can also say that several values differ.
class ParamSpin final : public QSpinBox {
public:
    explicit ParamSpin(const ParamSpec& spec)
        : lowest_(clampToInt(spec.minimum)) {
        setRange(lowest_, clampToInt(spec.maximum));
        setMinimumWidth(48);
        setAccelerated(true);
        setAccessibleName(qstr(spec.title));
        if (!spec.unit.empty())
            setSuffix(QLatin1Char(' ') + qstr(spec.unit));
        leaveWheelToForm(*this);
        leaveUndoToProject(*this);
    }
    void show(std::int64_t number) {
        const QSignalBlocker quiet(this);
        setMinimum(lowest_);
        setSpecialValueText({});
        if (value() != number)
            setValue(clampToInt(static_cast<double>(number)));
    }
    /// The place below the range stands for it: what is typed replaces it like any other value.
    void showMixed(const QString& text) {
        const QSignalBlocker quiet(this);
        setMinimum(lowest_ - 1);
        setSpecialValueText(text);
        setValue(lowest_ - 1);
    }
    [[nodiscard]] bool isMixed() const { return value() < lowest_; }

private:
    int lowest_;
};

bool SpinEditor::suits(const ParamSpec& spec) {
    const bool fixed = spec.type == ParamType::Tuple && spec.minLength == spec.maxLength &&
                       spec.minLength <= kMostSpins;
    if (spec.type == ParamType::Int)
        return spec.maximum <= kLargest && spec.minimum >= -kLargest;
    return fixed;
}

SpinEditor::SpinEditor(const ParamSpec& spec, const ThemeManager& themes, QWidget* parent)
    : ParamEditor(parent)
    , isTuple_(spec.type == ParamType::Tuple) {
    const std::size_t count = isTuple_ ? spec.minLength : 1;
    // The sides of a padding stand in pairs: before and after each axis.
    const std::size_t columns = count > kMostInRow ? 2 : count;
    auto* const grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(6);
    for (std::size_t i = 0; i < count; ++i) {
        auto* const spin = new ParamSpin(spec);
        spins_.push_back(spin);
        grid->addWidget(spin, static_cast<int>(i / columns), static_cast<int>(i % columns));
        connect(spin, &QSpinBox::valueChanged, this, [this, spin] { take(spin); });
        connect(spin, &QSpinBox::editingFinished, this, &ParamEditor::finished);
    }
    for (std::size_t column = 0; column < columns; ++column)
        grid->setColumnStretch(static_cast<int>(column), 1);
    if (count > 1 && count <= kMostInRow) {
        addChain(themes);
        grid->addWidget(chain_, 0, static_cast<int>(columns));
    }
    setFocusProxy(spins_.front());
}

void SpinEditor::addChain(const ThemeManager& themes) {
    chain_ = new QToolButton;
    chain_->setObjectName(QStringLiteral("chain"));
    chain_->setCheckable(true);
    chain_->setIcon(themes.icon(QStringLiteral("link"), &Theme::focus));
    chain_->setIconSize({14, 14});
    chain_->setFixedSize(24, 24);
    chain_->setToolTip(tr("Change all together"));
    chain_->setAccessibleName(chain_->toolTip());
}

void SpinEditor::take(ParamSpin* from) {
    const bool together = chain_ != nullptr && chain_->isChecked();
    IntTuple tuple;
    for (ParamSpin* const spin : spins_) {
        if (together || spin->isMixed())
            spin->show(from->value());
        tuple.push_back(spin->value());
    }
    if (isTuple_)
        Q_EMIT edited(tuple);
    else
        Q_EMIT edited(tuple.front());
}

void SpinEditor::setValue(const ParamValue& value) {
    if (!isTuple_) {
        spins_.front()->show(std::get<std::int64_t>(value));
        return;
    }
    const auto& tuple = std::get<IntTuple>(value);
    // A file may hold a tuple that is too short; what is missing shows as the smallest value.
    for (std::size_t i = 0; i < spins_.size(); ++i)
        spins_[i]->show(i < tuple.size() ? tuple[i] : 0);
    if (chain_ == nullptr)
        return;
    const bool equal = std::ranges::adjacent_find(tuple, std::not_equal_to{}) == tuple.end();
    if (!std::exchange(shown_, true) || !equal)
        chain_->setChecked(equal);
}

void SpinEditor::setMixed() {
    for (ParamSpin* const spin : spins_)
        spin->showMixed(tr("several"));
    if (chain_ != nullptr)
        chain_->setChecked(true);
    shown_ = true;
}

TextEditor::TextEditor(const ParamSpec& spec, QWidget* parent)
    : ParamEditor(parent)
    , spec_(spec)
    , line_(new QLineEdit) {
    line_->setAccessibleName(qstr(spec.title));
    line_->setMinimumWidth(60);
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    if (const auto scale = SliderScale::of(spec))
        addSlider(*scale);
    row->addWidget(line_);
    if (!spec.unit.empty()) {
        auto* const unit = new QLabel(qstr(spec.unit));
        unit->setProperty("textRole", QStringLiteral("muted"));
        row->addWidget(unit);
    }
    setFocusProxy(line_);
    leaveUndoToProject(*line_);
    connect(line_, &QLineEdit::textEdited, this, [this] { read(); });
    connect(line_, &QLineEdit::editingFinished, this, [this] {
        showProblem({});
        if (valid_)
            setValue(*valid_); // what was no value gives way to the last that was
        else
            setMixed();
        Q_EMIT finished();
    });
}

void TextEditor::addSlider(const SliderScale& scale) {
    scale_ = scale;
    slider_ = new QSlider(Qt::Horizontal);
    slider_->setRange(0, SliderScale::kSteps);
    slider_->setPageStep(SliderScale::kSteps / 10);
    slider_->setAccessibleName(tr("%1, slider").arg(qstr(spec_.title)));
    slider_->setMinimumWidth(50);
    slider_->setFixedHeight(22);
    leaveWheelToForm(*slider_);
    line_->setMaximumWidth(76);
    static_cast<QHBoxLayout*>(layout())->addWidget(slider_, 1);
    connect(slider_, &QSlider::valueChanged, this, [this](int position) {
        const ParamValue value = scale_->valueAt(position);
        if (whyInvalid(spec_, value))
            return;
        valid_ = value;
        line_->setText(qstr(toString(value)));
        showProblem({});
        Q_EMIT edited(value);
    });
    connect(slider_, &QSlider::sliderReleased, this, &ParamEditor::finished);
}

void TextEditor::showOnSlider(const ParamValue& value) {
    if (slider_ == nullptr || slider_->isSliderDown())
        return;
    const QSignalBlocker quiet(slider_);
    slider_->setValue(scale_->positionOf(std::get<double>(value)));
}

void TextEditor::setValue(const ParamValue& value) {
    valid_ = value;
    const QString text = qstr(toString(value));
    // Not while the same is typed in other words: "1e-3" stays as it is.
    if (!line_->hasFocus() || parsed() != valid_)
        line_->setText(text);
    showOnSlider(value);
}

void TextEditor::setMixed() {
    valid_.reset();
    if (!line_->hasFocus())
        line_->clear();
    line_->setPlaceholderText(tr("several"));
}

std::optional<ParamValue> TextEditor::parsed() const {
    try {
        return paramFromText(spec_, line_->text().toStdString());
    } catch (const Error&) {
        return {};
    }
}

void TextEditor::read() {
    try {
        const ParamValue value = paramFromText(spec_, line_->text().toStdString());
        if (const auto reason = whyInvalid(spec_, value)) {
            showProblem(qstr(*reason));
            return;
        }
        showProblem({});
        valid_ = value;
        showOnSlider(value);
        Q_EMIT edited(value);
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

void TextEditor::showProblem(const QString& message) {
    line_->setProperty("invalid", !message.isEmpty());
    line_->setProperty("taken", message.isEmpty()); // as the project's value
    line_->style()->unpolish(line_);
    line_->style()->polish(line_);
    Q_EMIT problem(message);
}

} // namespace gradwright

#include "moc_number_editors.cpp"
