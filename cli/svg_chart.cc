#include "cli/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/format.h"
#include "cli/html_page.h"

namespace hfget::cli {
namespace {

constexpr double kTop = 30;  // below the unit
constexpr double kBottom = 26;
constexpr double kSide = 8;
constexpr double kDigit = 9.6;  // as wide as one may be on a narrow screen
constexpr double kCrossRoom = 9;
constexpr int kTicks = 4;
constexpr size_t kMaxVertices = 160;

std::string Number(double value) {
  std::string text = absl::StrFormat("%.1f", std::isfinite(value) ? value : 0.0);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string TitleOf(const std::string& title) { return title.empty() ? "" : absl::StrCat("<title>", Escaped(title), "</title>"); }

std::string ColorClass(int color) { return absl::StrCat("c", color % kChartColors); }

// 1, 2 or 5 times a power of ten.
double NiceStep(double most) {
  if (!(most > 0) || !std::isfinite(most)) return 1;
  const double power = std::pow(10, std::floor(std::log10(most / kTicks)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power * kTicks >= most) return factor * power;
  }
  return 10 * power;
}

// `text`: of a value in the unit that is `one`.
std::vector<ChartTick> NiceTicks(double most, double one, const std::string& unit) {
  const double step = NiceStep(most / one);
  std::vector<ChartTick> ticks;
  const int count = std::max(1, static_cast<int>(std::ceil(most / one / step - 1e-9)));
  for (int i = 0; i <= count; ++i) ticks.push_back({i * step * one, absl::StrFormat("%g", i * step)});
  if (!unit.empty()) absl::StrAppend(&ticks.back().text, " ", unit);
  return ticks;
}

std::string Open(int width, double height, const std::string& label) {
  return absl::StrCat("<svg viewBox=\"0 0 ", width, " ", Number(height), "\" role=\"img\" aria-label=\"", Escaped(label), "\">");
}

std::string Text(double x, double y, const std::string& anchor, const std::string& text) {
  return absl::StrCat("<text x=\"", Number(x), "\" y=\"", Number(y), "\" text-anchor=\"", anchor, "\">", Escaped(text), "</text>");
}

std::string Rule(const char* look, double x1, double y1, double x2, double y2) {
  return absl::StrCat("<path class=\"", look, "\" d=\"M", Number(x1), " ", Number(y1), "L", Number(x2), " ", Number(y2), "\"/>");
}

// A shape a colour: a chart must be readable without telling colours apart.
std::string Mark(int color, double x, double y, const std::string& title) {
  static constexpr const char* kShapes[] = {"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "m-3.5 -3.5h7v7h-7z", "m0 -4.6l4.6 8h-9.2z",
                                            "m0 -5l5 5l-5 5l-5 -5z"};
  return absl::StrCat("<path class=\"mark ", ColorClass(color), "\" d=\"M", Number(x), " ", Number(y), kShapes[color % std::size(kShapes)],
                      "\">",
                      TitleOf(title), "</path>");
}

class Plot {
 public:
  explicit Plot(const LineChart& chart) : chart_(chart) {
    if (!chart.x_ticks.empty()) x_most_ = chart.x_ticks.back().at;
    x_most_ = std::max({x_most_, chart.x_most, 1e-9});
    if (!chart.y_ticks.empty()) y_most_ = std::max(chart.y_ticks.back().at, 1e-9);
    size_t digits = 0;
    for (const ChartTick& tick : chart.y_ticks) digits = std::max(digits, tick.text.size());
    left_ = kSide + kDigit * static_cast<double>(digits);
  }

  std::string Draw() const {
    std::string svg = Open(chart_.width, chart_.height, chart_.label);
    if (chart_.shaded_to > 0) absl::StrAppend(&svg, Shade());
    absl::StrAppend(&svg, Grid());
    using enum ChartLine::Look;
    for (const ChartLine::Look look : {kContext, kFaint, kStrong}) {
      for (const ChartLine& line : chart_.lines) {
        if (line.look == look) absl::StrAppend(&svg, Line(line));
      }
    }
    absl::StrAppend(&svg, Crosses());
    return absl::StrCat(svg, Labels(), "</svg>");
  }

 private:
  double X(double x) const { return left_ + std::clamp(x / x_most_, 0.0, 1.0) * (chart_.width - kSide - left_); }
  double Y(double y) const { return Floor() - std::clamp(y / y_most_, 0.0, 1.0) * (Floor() - kTop); }
  double Floor() const { return chart_.height - kBottom; }

  std::string Shade() const {
    return absl::StrCat("<rect class=\"shade\" x=\"", Number(left_), "\" y=\"", Number(kTop), "\" width=\"",
                        Number(X(chart_.shaded_to) - left_),
                        "\" height=\"", Number(Floor() - kTop), "\"/>");
  }
  std::string Grid() const {
    std::string svg;
    for (const ChartTick& tick : chart_.y_ticks) {
      const bool floor = tick.at == 0;
      absl::StrAppend(&svg, Rule(floor ? "axis" : "grid", left_, Y(tick.at), chart_.width - kSide, Y(tick.at)));
    }
    return svg;
  }
  std::string Labels() const {
    std::string svg = Text(0, 12, "start", chart_.y_unit);
    for (const ChartTick& tick : chart_.y_ticks) absl::StrAppend(&svg, Text(left_ - 7, Y(tick.at) + 4, "end", tick.text));
    for (const ChartTick& tick : chart_.x_ticks) {
      const double x = X(tick.at);
      const bool at_edge = x > chart_.width - kSide - 12;
      absl::StrAppend(&svg, Text(at_edge ? chart_.width - kSide : x, chart_.height - 6, at_edge ? "end" : "middle", tick.text));
    }
    return svg;
  }
  static const char* LookOf(ChartLine::Look look) {
    if (look == ChartLine::Look::kStrong) return "line";
    return look == ChartLine::Look::kFaint ? "line faint" : "line context";
  }
  std::string Line(const ChartLine& line) const {
    const char* look = LookOf(line.look);
    const size_t stride = line.dots ? 1 : line.points.size() / kMaxVertices + 1;
    std::string d;
    for (size_t i = 0; i < line.points.size(); i += stride) {
      absl::StrAppend(&d, d.empty() ? "M" : "L", Number(X(line.points[i].x)), " ", Number(Y(line.points[i].y)));
    }
    if (line.points.size() == 1) d += "h.1";
    std::string svg = absl::StrCat("<path class=\"", look, " ", ColorClass(line.color), "\" d=\"", d, "\">", TitleOf(line.title),
                                   "</path>");
    if (!line.dots) return svg;
    for (const ChartPoint& point : line.points) absl::StrAppend(&svg, Whisker(line.color, point));
    for (const ChartPoint& point : line.points) absl::StrAppend(&svg, Mark(line.color, X(point.x), Y(point.y), point.title));
    return svg;
  }
  std::string Whisker(int color, const ChartPoint& point) const {
    if (point.high <= point.low) return "";
    const double x = X(point.x);
    return absl::StrCat("<path class=\"whisker ", ColorClass(color), "\" d=\"M", Number(x), " ", Number(Y(point.low)), "V",
                        Number(Y(point.high)),
                        "\"/>");
  }
  // One for all that would stand on each other.
  std::string Crosses() const {
    std::string svg;
    double last = -kCrossRoom;
    for (const ChartPoint& cross : chart_.crosses) {
      if (X(cross.x) - last < kCrossRoom) continue;
      last = X(cross.x);
      svg += Cross(cross);
    }
    return svg;
  }
  std::string Cross(const ChartPoint& cross) const {
    return absl::StrCat("<path class=\"cross\" d=\"M", Number(X(cross.x)), " ", Number(Floor()), "m-4 -4l8 8m-8 0l8 -8\">",
                        TitleOf(cross.title),
                        "</path>");
  }

  const LineChart& chart_;
  double x_most_ = 0;
  double y_most_ = 1;
  double left_ = 0;  // of the plot; before it stand the numbers
};

constexpr double kBarLeft = 86;
constexpr double kBarRight = 72;  // "12.5 s"
constexpr double kBarHeight = 12;

double SumOf(const BarRow& row) {
  double sum = 0;
  for (const double part : row.parts) sum += std::max(0.0, part);
  return sum;
}

std::string Bar(const BarChart& chart, const BarRow& row, double y, double most) {
  const double room = chart.width - kBarLeft - kBarRight;
  std::string svg = Text(0, y + kBarHeight - 2, "start", row.label);
  double x = kBarLeft;
  for (size_t i = 0; i < row.parts.size(); ++i) {
    const double wide = std::max(0.0, row.parts[i]) / most * room;
    if (wide <= 0) continue;
    // A gap between parts where there is room for one: they are told apart without their colours, too.
    const double drawn = wide > 3 ? wide - 1 : wide;
    const std::string name = i < chart.part_names.size() ? chart.part_names[i] : "";
    absl::StrAppend(&svg, "<rect class=\"part p", i, "\" x=\"", Number(x), "\" y=\"", Number(y), "\" width=\"",
                    absl::StrFormat("%.2f", drawn),
                    "\" height=\"", Number(kBarHeight), "\">", TitleOf(absl::StrCat(name, ": ",
                                                                                    FormatLatency(absl::Seconds(row.parts[i])))),
                                                                                    "</rect>");
    x += wide;
  }
  return absl::StrCat(svg, Text(x + 6, y + kBarHeight - 2, "start", row.total));
}

}  // namespace

std::vector<ChartTick> RateTicks(double most) {
  const ByteUnit unit = ByteUnitOf(most);
  return NiceTicks(most, unit.bytes, "");
}

std::string RateUnit(double most) { return absl::StrCat(ByteUnitOf(most).name, "/s"); }

std::vector<ChartTick> SecondTicks(double most) { return NiceTicks(most, 1, "s"); }

std::string SvgLineChart(const LineChart& chart) { return Plot(chart).Draw(); }

std::string SvgBarChart(const BarChart& chart) {
  double most = 1e-9;
  for (const BarRow& row : chart.rows) most = std::max(most, SumOf(row));
  double y = 0;
  std::string bars;
  for (const BarRow& row : chart.rows) {
    if (!row.heading.empty()) {
      y += y == 0 ? 14 : 26;
      absl::StrAppend(&bars, "<g class=\"heading\">", Text(0, y, "start", row.heading), "</g>");
      y += 8;
    }
    absl::StrAppend(&bars, Bar(chart, row, y, most));
    y += kBarHeight + 6;
  }
  return absl::StrCat(Open(chart.width, std::max(y, 20.0), chart.label), bars, "</svg>");
}

std::string SvgKey(int color) {
  return absl::StrCat("<svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\">", Mark(color, 6, 6, ""), "</svg>");
}

}  // namespace hfget::cli
