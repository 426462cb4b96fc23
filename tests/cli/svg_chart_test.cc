#include "cli/svg_chart.h"

#include <limits>

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Texts(const std::vector<ChartTick>& ticks) {
  std::vector<std::string> texts;
  for (const ChartTick& tick : ticks) texts.push_back(tick.text);
  return texts;
}

TEST(SvgChartTest, TicksAreRoundAndReachTheMost) {
  for (const double most : {0.0, 1.0, 999.0, 1500.0, 7e5, 6.4e7, 3.3e9, 1e15}) {
    const std::vector<ChartTick> ticks = RateTicks(most);
    EXPECT_EQ(ticks.front().at, 0);
    EXPECT_GE(ticks.back().at, most * (1 - 1e-6)) << most;
    EXPECT_LE(ticks.size(), 6u) << most;
    EXPECT_GE(ticks.size(), 2u) << most;
  }
  EXPECT_EQ(Texts(RateTicks(67.0 * (1 << 20))), (std::vector<std::string>{"0", "20", "40", "60", "80"}));
  EXPECT_EQ(RateUnit(67.0 * (1 << 20)), "MiB/s");
  EXPECT_EQ(Texts(SecondTicks(0.3)), (std::vector<std::string>{"0", "0.1", "0.2", "0.3 s"}));
}

TEST(SvgChartTest, WhatIsNoNumberIsDrawnAsZero) {
  LineChart chart{.x_ticks = SecondTicks(10), .y_ticks = RateTicks(100)};
  chart.lines.push_back({.dots = true, .points = {{.x = std::numeric_limits<double>::quiet_NaN(),
                                                   .y = std::numeric_limits<double>::infinity()}}});
  EXPECT_THAT(SvgLineChart(chart), AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

TEST(SvgChartTest, LabelsAreEscaped) {
  LineChart chart{.label = "<b>\"", .x_ticks = {{1, "<i>"}}, .y_ticks = RateTicks(1)};
  chart.lines.push_back({.title = "<u>", .points = {{.x = 1, .y = 1}}});
  EXPECT_THAT(SvgLineChart(chart), AllOf(HasSubstr("aria-label=\"&lt;b&gt;&quot;\""), Not(HasSubstr("<i>")), Not(HasSubstr("<u>"))));
  BarChart bars{.part_names = {"<b>"}, .rows = {{"<i>", "<u>", {0.5}, "<s>"}}};
  for (const char* tag : {"<b>", "<i>", "<u>", "<s>"}) EXPECT_THAT(SvgBarChart(bars), Not(HasSubstr(tag)));
}

TEST(SvgChartTest, BarsAreInProportionAndNothingIsNotDrawn) {
  const std::string svg = SvgBarChart({.width = 258, .part_names = {"a", "b", "c"}, .rows = {{"", "x", {0.2, 0, 0.6}, "800 ms"}}});
  EXPECT_THAT(svg, AllOf(HasSubstr("part p0"), Not(HasSubstr("part p1")), HasSubstr("part p2"), HasSubstr("width=\"24.00\""),
                         HasSubstr("width=\"74.00\"")));
}

TEST(SvgChartTest, CrossesThatWouldStandOnEachOtherAreOne) {
  LineChart chart{.x_ticks = SecondTicks(100), .y_ticks = RateTicks(1)};
  for (int i = 0; i < 1000; ++i) chart.crosses.push_back({.x = i / 10.0});
  const std::string svg = SvgLineChart(chart);
  size_t count = 0;
  for (size_t at = svg.find("\"cross\""); at != std::string::npos; at = svg.find("\"cross\"", at + 1)) ++count;
  EXPECT_GT(count, 10u);
  EXPECT_LT(count, 60u);
}

}  // namespace
}  // namespace hfget::cli
