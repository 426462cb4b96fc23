// Charts as inline SVG. Pure. Colours are classes of the page that they stand in: "c0" to "c7" set --c. Labels are escaped here.
#ifndef HFGET_CLI_SVG_CHART_H_
#define HFGET_CLI_SVG_CHART_H_

#include <string>
#include <vector>

namespace hfget::cli {

constexpr int kChartColors = 8;

struct ChartTick {
  double at = 0;
  std::string text;
};

// From 0 to the first that is not below `most`, in the unit that RateUnit says.
std::vector<ChartTick> RateTicks(double most);
std::string RateUnit(double most);  // "MiB/s"
// Of seconds, the last with "s".
std::vector<ChartTick> SecondTicks(double most);

struct ChartPoint {
  double x = 0;
  double y = 0;
  double low = 0;  // a whisker from low to high, when high > low
  double high = 0;
  std::string title = "";  // shown when the pointer rests on it; empty: none
};

struct ChartLine {
  enum class Look { kStrong, kFaint, kContext };  // kContext: without its colour, behind all others
  int color = 0;
  Look look = Look::kStrong;
  bool dots = false;  // a mark a point, of a shape of the colour's own
  std::string title = "";
  std::vector<ChartPoint> points = {};
};

// Both axes begin at 0 and end at their last tick, or at `x_most` when that is more.
struct LineChart {
  std::string label = "";  // what it shows, for those who do not see it
  int width = 480;    // in its own units; the page scales it
  int height = 280;
  double x_most = 0;
  std::vector<ChartTick> x_ticks = {};
  std::vector<ChartTick> y_ticks = {};
  std::string y_unit = "";
  std::vector<ChartLine> lines = {};
  std::vector<ChartPoint> crosses = {};  // at y = 0: where there was nothing
  double shaded_to = 0;             // x from 0
};
std::string SvgLineChart(const LineChart& chart);

struct BarRow {
  std::string heading;  // on a line of its own; empty: none
  std::string label = "";    // before the bar; short
  std::vector<double> parts;  // the colour of each is its place
  std::string total;          // behind it
};
struct BarChart {
  std::string label = "";
  int width = 480;
  std::vector<std::string> part_names = {};
  std::vector<BarRow> rows = {};
};
std::string SvgBarChart(const BarChart& chart);

// The mark of a colour's dots, for a legend.
std::string SvgKey(int color);

}  // namespace hfget::cli

#endif  // HFGET_CLI_SVG_CHART_H_
