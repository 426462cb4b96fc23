#include "cli/bench_html.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/bench_history.h"
#include "cli/bench_text.h"
#include "cli/format.h"
#include "cli/html_page.h"
#include "cli/pull_text.h"
#include "cli/sources_text.h"
#include "cli/svg_chart.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr size_t kCurvesOfPanel = 24;
constexpr double kWarmUpSeconds = 1;  // BenchSample.rate_bytes_per_sec

std::string RateOf(double bytes_per_sec) { return FormatRate(static_cast<int64_t>(bytes_per_sec)); }

std::string When(absl::Time time, absl::TimeZone zone) { return absl::FormatTime("%Y-%m-%d %H:%M %Z", time, zone); }

// A row of what was measured and how.
std::string Fact(const std::string& name, const std::string& value) {
  return value.empty() ? "" : absl::StrCat("<div><dt>", Escaped(name), "</dt><dd>", Escaped(value), "</dd></div>\n");
}

std::string Cell(const char* look, const char* label, const std::string& text) {
  return absl::StrCat("<td class=\"", look, "\" data-label=\"", label, "\">", Escaped(text), "</td>");
}

std::string HeaderRow(const std::vector<std::pair<const char*, const char*>>& names_and_looks) {
  std::string row = "<thead><tr>";
  for (const auto& [name, look] : names_and_looks) absl::StrAppend(&row, "<th scope=\"col\" class=\"", look, "\">", name, "</th>");
  return row + "</tr></thead>\n";
}

std::string Figure(const std::string& heading, const std::string& hint, const std::string& content) {
  return absl::StrCat("<figure><figcaption><h2>", Escaped(heading), "</h2><p class=\"hint\">", Escaped(hint), "</p></figcaption>\n",
                      content,
                      "</figure>\n");
}

std::string Panel(const std::string& key, const std::string& name, const std::string& figure, const LineChart& chart) {
  return absl::StrCat("<div><h3>", key, Escaped(name), " <span>", Escaped(figure), "</span></h3>", SvgLineChart(chart), "</div>\n");
}

void SetRates(double most, LineChart* chart) {
  chart->y_ticks = RateTicks(most);
  chart->y_unit = RateUnit(most);
}

std::string Track(int color, double part) {
  if (!(part > 0)) return "";
  return absl::StrFormat("<span class=\"track\"><span class=\"fill c%d\" style=\"width:%.1f%%\"></span></span>", color % kChartColors,
                         100 * std::clamp(part, 0.0, 1.0));
}

std::string Foot(const std::string& text) {
  return absl::StrCat("<footer><p>", Escaped(text), " Made by hfget ", Escaped(HFGET_VERSION), ".</p></footer>\n");
}

// Everything that can hold so many rows that nobody wants to see all of them at first.
std::string Details(const std::string& summary, const std::string& table) {
  return absl::StrCat("<section class=\"long\"><details><summary>", Escaped(summary),
                      "</summary><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"",
                      Escaped(summary), "\">\n", table, "</div></details></section>\n");
}

// One bench as a page. Colours go by the order of the report, so that a source has the same one everywhere.
class BenchPage {
 public:
  BenchPage(const BenchRun& run, const BenchPlace& place) : run_(run), place_(place) {
    for (const v1::BenchRow& row : run.report.rows()) fastest_ = std::max(fastest_, row.rank() > 0 ? row.best().median() : 0);
  }

  std::string Write() const {
    return HtmlPage(absl::StrCat("Mirror throughput: ", run_.plan.repo()),
                    absl::StrCat(Head(), Facts(), Ranking(), RateOverTime(), "<div class=\"pair\">\n", RateByConnections(), Latency(),
                                 "</div>\n",
                                 Samples(),
                                 Foot("Rates are medians over rounds. The first second of a sample does not count; of one that took less than two "
                                      "(*, brief) the first half does not. The spread is from the 10th to the 90th percentile. Bytes were "
                                      "thrown away.")));
  }

 private:
  std::string Head() const {
    const std::string& said = run_.report.recommendation();
    std::string html = absl::StrCat("<header><h1>Mirror throughput</h1>\n<p class=\"lead\">",
                                    Escaped(said.empty() ? "Nothing can be recommended yet." : said), "</p></header>\n");
    if (run_.report.complete()) return html;
    return absl::StrCat(html, "<p class=\"alert\">Interrupted: this is what ", run_.samples.size(), " of ", run_.plan.samples(),
                        " samples say.</p>\n");
  }

  std::string Facts() const {
    const v1::BenchPlan& plan = run_.plan;
    v1::Pull pull;
    pull.set_repo(plan.repo());
    pull.set_type(plan.type());
    pull.set_revision(plan.revision());
    pull.set_commit(plan.commit());
    const absl::Time at = plan.has_started() ? TimeOf(plan.started()) : place_.at;
    return absl::StrCat("<dl>\n", Fact("Measured at", When(at, place_.zone)), Fact("From", place_.machine),
                        Fact("Repository", PullName(pull)),
                        Fact("File", absl::StrCat(plan.file(), " (", FormatBytes(plan.file_bytes()), ")")),
                        Fact("Samples", absl::StrCat(run_.samples.size(), " in ", plan.rounds(),
                                                     plan.rounds() == 1 ? " round, " : " rounds, ",
                                                     FormatBytes(run_.report.bytes()), " received")),
                        Fact("Connections", absl::StrCat(absl::StrJoin(plan.connections(), ", "), "; ", FormatBytes(plan.size_bytes()),
                                                         " a sample at most")),
                        Fact("Notes", absl::StrJoin(plan.notices(), "; ")), "</dl>\n");
  }

  std::string Ranking() const {
    std::string rows;
    for (int i = 0; i < run_.report.rows_size(); ++i) {
      const v1::BenchRow& row = run_.report.rows(i);
      rows += row.rank() > 0 ? UsedRow(row, i) : DownRow(row);
    }
    return absl::StrCat("<section><h2>Sources in the recommended order</h2><p class=\"hint\">",
                        "×n: with n connections; with more, the rate grows by less than 5 %.</p>\n",
                        "<table class=\"cards\">\n",
                        HeaderRow({{"#", "rank"}, {"Source", ""}, {"Best rate", "rate"}, {"Spread", "num"}, {"One connection", "num"},
                                   {"First byte: hub / data host", "num"}, {"Token", ""}, {"Lags", ""}}),
                        "<tbody>\n", rows, "</tbody></table></section>\n");
  }
  std::string Who(const v1::BenchRow& row, const std::vector<std::string>& notes) const {
    std::string html = absl::StrCat("<span class=\"name\">", Escaped(row.source()), "</span>");
    if (!row.endpoint().empty()) absl::StrAppend(&html, "<span class=\"note\">", Escaped(row.endpoint()), "</span>");
    if (!notes.empty()) absl::StrAppend(&html, "<span class=\"note\">", Escaped(absl::StrJoin(notes, "; ")), "</span>");
    return html;
  }
  std::string UsedRow(const v1::BenchRow& row, int color) const {
    const v1::BenchSpread& best = row.best();
    const v1::BenchSpread& one = row.one_connection();
    const std::string spread =
        best.count() < 2 ? "–" : absl::StrCat(FormatRangeAs(best.p10(), best.p90(), best.median(), true), " ",
                                              ByteUnitOf(best.median()).name, "/s");
    return absl::StrCat("<tr", row.rank() == 1 ? " class=\"first\"" : "", "><td class=\"rank\">", row.rank(), "</td><td class=\"who\">",
                        Who(row, BenchNotes(row)), "</td><td class=\"rate\"><b>", Escaped(RateOf(best.median())), "</b> ×",
                        row.best_connections(), row.brief() > 0 ? "*" : "",
                        Track(color, fastest_ > 0 ? best.median() / fastest_ : 0), "</td>", Cell("num", "Spread", spread),
                        Cell("num", "One connection", one.count() == 0 ? "–" : RateOf(one.median())),
                        Cell("num", "First byte", FirstByteText(row)),
                        Cell("word", "Token", VerdictWord(row.token_verdict())), Cell("word", "Lags", LagWord(row)), "</tr>\n");
  }
  std::string DownRow(const v1::BenchRow& row) const {
    return absl::StrCat("<tr class=\"down\"><td class=\"rank\">✗</td><td class=\"who\">", Who(row, {}),
                        "</td><td colspan=\"6\">Not to be used now: ",
                        Escaped(TroubleOf(row)), "</td></tr>\n");
  }

  // --- rate over time

  std::vector<const v1::BenchSample*> CurvesOf(const std::string& source) const {
    std::vector<const v1::BenchSample*> samples;
    for (const v1::BenchSample& sample : run_.samples) {
      if (sample.source() == source && sample.curve_size() > 0) samples.push_back(&sample);
    }
    if (samples.size() > kCurvesOfPanel) samples.erase(samples.begin(), samples.end() - kCurvesOfPanel);
    return samples;
  }
  static double StepOf(const v1::BenchSample& sample) {
    const double step = absl::ToDoubleSeconds(DurationOf(sample.curve_step()));
    return step > 0 ? step : 1;
  }
  static ChartLine Curve(const v1::BenchSample& sample, int color, bool strong) {
    ChartLine line{.color = color, .look = strong ? ChartLine::Look::kStrong : ChartLine::Look::kFaint};
    line.title = absl::StrCat("round ", sample.round(), ", ×", sample.connections(), ": ", FormatRate(sample.rate_bytes_per_sec()));
    for (int i = 0; i < sample.curve_size(); ++i) {
      line.points.push_back({.x = (i + 0.5) * StepOf(sample), .y = static_cast<double>(sample.curve(i))});
    }
    return line;
  }
  // One scale of rates for all panels: they are there to be compared. Seconds are each one's own, as a fast sample is soon over.
  LineChart PanelOf(const v1::BenchRow& row, int color, const std::vector<const v1::BenchSample*>& samples) const {
    LineChart chart{.label = absl::StrCat("Rate over time of ", row.source()), .width = 320, .height = 180};
    double seconds = 0;
    for (const v1::BenchSample* sample : samples) {
      seconds = std::max(seconds, sample->curve_size() * StepOf(*sample));
      chart.lines.push_back(Curve(*sample, color, sample->connections() == row.best_connections()));
    }
    chart.x_ticks = SecondTicks(seconds);
    if (seconds > 2 * kWarmUpSeconds) chart.shaded_to = kWarmUpSeconds;
    SetRates(HighestOfCurves(), &chart);
    return chart;
  }
  double HighestOfCurves() const {
    double rate = 0;
    for (const v1::BenchSample& sample : run_.samples) {
      for (const int64_t value : sample.curve()) rate = std::max(rate, static_cast<double>(value));
    }
    return rate;
  }
  std::string RateOverTime() const {
    std::string panels;
    for (int i = 0; i < run_.report.rows_size(); ++i) {
      const v1::BenchRow& row = run_.report.rows(i);
      const auto samples = CurvesOf(row.source());
      if (samples.empty()) continue;
      panels += Panel(SvgKey(i), row.source(), absl::StrCat(RateOf(row.best().median()), " ×", row.best_connections()),
                      PanelOf(row, i, samples));
    }
    if (panels.empty()) return "";
    const char* hint = "Seconds since a sample began, one line a sample. Strong: the number of connections that is best; faint: the "
                       "others. Shaded: the first second, which does not count in samples of two seconds or more.";
    return Figure("Rate over time", hint, absl::StrCat("<div class=\"panels\">\n", panels, "</div>\n"));
  }

  // --- rate against connections

  // Those of the plan, and those that sources were measured with because they may not have more.
  std::vector<int> Counts() const {
    std::set<int> counts(run_.plan.connections().begin(), run_.plan.connections().end());
    for (const v1::BenchRow& row : run_.report.rows()) {
      for (const v1::BenchRow::Step& step : row.steps()) {
        if (step.rate().count() > 0) counts.insert(step.connections());
      }
    }
    return {counts.begin(), counts.end()};
  }
  static ChartLine StepLine(const v1::BenchRow& row, const std::vector<int>& counts, int color, double dodge) {
    ChartLine line{.color = color, .dots = true};
    for (const v1::BenchRow::Step& step : row.steps()) {
      if (step.rate().count() == 0) continue;
      const auto place = std::lower_bound(counts.begin(), counts.end(), step.connections()) - counts.begin();
      const v1::BenchSpread& rate = step.rate();
      line.points.push_back({static_cast<double>(place) + 0.5 + dodge, rate.median(), rate.p10(), rate.p90(),
                             absl::StrCat(row.source(), " ×", step.connections(), ": ", RateOf(rate.median()))});
    }
    return line;
  }
  std::string RateByConnections() const {
    LineChart chart{.label = "Rate against the number of connections, a line a source"};
    const std::vector<int> counts = Counts();
    chart.x_most = static_cast<double>(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) chart.x_ticks.push_back({static_cast<double>(i) + 0.5, absl::StrCat(counts[i])});
    double most = 0;
    std::string legend;
    const int rows = run_.report.rows_size();
    for (int i = 0; i < rows; ++i) {
      ChartLine line = StepLine(run_.report.rows(i), counts, i, 0.03 * (i - 0.5 * (rows - 1)));
      if (line.points.empty()) continue;
      for (const ChartPoint& point : line.points) most = std::max({most, point.y, point.high});
      absl::StrAppend(&legend, "<li>", SvgKey(i), Escaped(run_.report.rows(i).source()), "</li>");
      chart.lines.push_back(std::move(line));
    }
    if (chart.lines.empty()) return "";
    SetRates(most, &chart);
    return Figure("Rate against connections", "Medians over rounds; the thin lines reach from the 10th to the 90th percentile.",
                  absl::StrCat("<ul class=\"legend\">", legend, "</ul>\n", SvgLineChart(chart),
                               "<p class=\"axis-name\">connections at once</p>\n"));
  }

  // --- latency

  // From "since the request began" to what each phase took.
  static std::vector<double> Phases(const v1::BenchLatencySpread& latency) {
    std::vector<double> phases;
    double before = 0;
    for (const v1::BenchSpread* spread : {&latency.dns(), &latency.connect(), &latency.tls(), &latency.first_byte()}) {
      phases.push_back(std::max(0.0, spread->median() - before));
      before = std::max(before, spread->median());
    }
    return phases;
  }
  static void AddBar(const std::string& heading, const std::string& label, const v1::BenchLatencySpread& latency, BarChart* chart) {
    if (latency.first_byte().count() == 0) return;
    chart->rows.push_back({heading, label, Phases(latency), FormatLatency(absl::Seconds(latency.first_byte().median()))});
  }
  std::string Latency() const {
    BarChart chart{.label = "Time to the first byte of each source, hub and data host",
                   .part_names = {"DNS", "connect", "TLS", "first byte"}};
    for (const v1::BenchRow& row : run_.report.rows()) {
      const std::string name = CutEnd(row.source(), 44, "…");
      const bool hub = row.hub().first_byte().count() > 0;
      AddBar(name, "hub", row.hub(), &chart);
      AddBar(hub ? "" : name, "data host", row.data_host(), &chart);
    }
    if (chart.rows.empty()) return "";
    std::string legend;
    for (size_t i = 0; i < chart.part_names.size(); ++i) {
      absl::StrAppend(&legend, "<li><span class=\"swatch p", i, "\"></span>", chart.part_names[i], "</li>");
    }
    return Figure("Latency", "How long one request takes until its first byte, on a connection of its own: medians over rounds.",
                  absl::StrCat("<ul class=\"legend\">", legend, "</ul>\n", SvgBarChart(chart)));
  }

  // --- every sample

  static std::string SampleRow(const v1::BenchSample& sample) {
    const std::string words = sample.has_error() ? sample.error().message() : absl::StrJoin(sample.limits(), ", ");
    return absl::StrCat("<tr><td>", sample.round(), "</td><td>", Escaped(sample.source()), "</td><td class=\"num\">", sample.connections(),
                        "</td><td class=\"num\">", Escaped(FormatRate(sample.rate_bytes_per_sec())), sample.brief() ? " (brief)" : "",
                        "</td><td class=\"num\">",
                        Escaped(FormatBytes(sample.bytes())), "</td><td class=\"num\">", Escaped(FormatSpan(DurationOf(sample.duration()))),
                        "</td><td class=\"words\">", Escaped(words), "</td></tr>\n");
  }
  std::string Samples() const {
    std::string rows;
    for (const v1::BenchSample& sample : run_.samples) rows += SampleRow(sample);
    if (rows.empty()) return "";
    return Details("Every sample", absl::StrCat("<table>\n", HeaderRow({{"Round", ""}, {"Source", ""}, {"Connections", "num"},
                                                                        {"Rate", "num"},
                                                                        {"Received", "num"}, {"Took", "num"},
                                                                        {"What held it back", "words"}}),
                                                "<tbody>\n", rows, "</tbody></table>"));
  }

  const BenchRun& run_;
  const BenchPlace& place_;
  double fastest_ = 0;
};

// --- history

class HistoryPage {
 public:
  HistoryPage(const std::vector<v1::BenchPoint>& points, const BenchPlace& place)
      : points_(points), place_(place), histories_(HistoryBySource(points)), period_(PeriodOf(points)) {
    for (const SourceHistory& history : histories_) fastest_ = std::max(fastest_, history.best);
  }

  std::string Write() const {
    return HtmlPage("Mirror throughput over time",
                    absl::StrCat(Head(), Ranking(), OverTime(), Points(),
                                 Foot("Rates are the best of a bench: the median with the number of connections "
                                      "that was best.")));
  }

 private:
  std::string Head() const {
    const SourceHistory& first = histories_.front();
    const std::string lead = first.median > 0 ? absl::StrCat(first.source, " was the fastest: ", RateOf(first.median), " in the median of ",
                                                             first.points.size(), first.points.size() == 1 ? " bench." : " benches.")
                                              : "No bench has brought bytes.";
    return absl::StrCat("<header><h1>Mirror throughput over time</h1>\n<p class=\"lead\">", Escaped(lead), "</p></header>\n<dl>\n",
                        Fact("From", When(period_.begin, place_.zone)), Fact("To", When(period_.end, place_.zone)),
                        Fact("Machine", place_.machine),
                        Fact("Made", When(place_.at, place_.zone)), "</dl>\n");
  }
  std::string Rate(double rate) const { return rate > 0 ? RateOf(rate) : "–"; }
  std::string Ranking() const {
    std::string rows;
    for (size_t i = 0; i < histories_.size(); ++i) {
      const SourceHistory& history = histories_[i];
      absl::StrAppend(&rows, "<tr", i == 0 ? " class=\"first\"" : "", "><td class=\"who\">", "<span class=\"name\">",
                      Escaped(history.source),
                      "</span></td><td class=\"rate\"><b>", Escaped(Rate(history.median)), "</b>",
                      Track(static_cast<int>(i), fastest_ > 0 ? history.median / fastest_ : 0),
                      "</td>", Cell("num", "Last", Rate(history.last)), Cell("num", "Best", Rate(history.best)),
                      Cell("num", "Benches", absl::StrCat(history.points.size())), Cell("num", "Failed", absl::StrCat(history.failed)),
                      "</tr>\n");
    }
    return absl::StrCat("<section><h2>Sources by their median</h2>\n<table class=\"cards\">\n",
                        HeaderRow({{"Source", ""}, {"Median", "rate"}, {"Last", "num"}, {"Best", "num"}, {"Benches", "num"},
                                   {"Failed", "num"}}),
                        "<tbody>\n", rows, "</tbody></table></section>\n");
  }

  double SecondsOf(const v1::BenchPoint& point) const { return absl::ToDoubleSeconds(TimeOf(point.at()) - period_.begin); }
  ChartLine LineOf(const SourceHistory& history, int color) const {
    ChartLine line{.color = color};
    for (const v1::BenchPoint& point : history.points) {
      if (point.best_bytes_per_sec() <= 0) continue;
      line.points.push_back({.x = SecondsOf(point), .y = point.best_bytes_per_sec(),
                             .title = absl::StrCat(When(TimeOf(point.at()), place_.zone), ": ", RateOf(point.best_bytes_per_sec()))});
    }
    return line;
  }
  std::vector<ChartTick> TimeTicks() const {
    const double span = std::max(1.0, absl::ToDoubleSeconds(period_.end - period_.begin));
    const char* format = span > 36 * 3600 ? "%b %e" : "%H:%M";
    std::vector<ChartTick> ticks;
    for (const double part : {0.0, 0.5, 1.0}) {
      ticks.push_back({part * span, absl::FormatTime(format, period_.begin + absl::Seconds(part * span), place_.zone)});
    }
    return ticks;
  }
  // Each source before the others, which stay in sight behind it.
  std::string OverTime() const {
    std::string panels;
    const std::vector<ChartTick> times = TimeTicks();
    for (size_t i = 0; i < histories_.size(); ++i) {
      LineChart chart{.label = absl::StrCat("Best rate of ", histories_[i].source, " over time"), .width = 320, .height = 180,
                      .x_ticks = times};
      SetRates(fastest_, &chart);
      for (size_t j = 0; j < histories_.size(); ++j) {
        ChartLine line = LineOf(histories_[j], static_cast<int>(j));
        line.look = i == j ? ChartLine::Look::kStrong : ChartLine::Look::kContext;
        line.dots = i == j && line.points.size() <= 40;
        if (!line.points.empty()) chart.lines.push_back(std::move(line));
      }
      for (const v1::BenchPoint& point : histories_[i].points) {
        if (point.best_bytes_per_sec() <= 0) chart.crosses.push_back({.x = SecondsOf(point), .title = point.error()});
      }
      panels += Panel(SvgKey(static_cast<int>(i)), histories_[i].source, absl::StrCat("median ", Rate(histories_[i].median)), chart);
    }
    return Figure("Best rate over time", "One panel a source, the others in grey behind it. A cross: a bench in which it brought nothing.",
                  absl::StrCat("<div class=\"panels\">\n", panels, "</div>\n"));
  }

  std::string Points() const {
    std::string rows;
    for (const v1::BenchPoint& point : points_) {
      const std::string what = absl::StrCat(point.repo(), " ", point.file());
      absl::StrAppend(&rows, "<tr><td>", Escaped(When(TimeOf(point.at()), place_.zone)), "</td><td>", Escaped(point.source()),
                      "</td><td class=\"num\">",
                      Escaped(Rate(point.best_bytes_per_sec())), "</td><td class=\"num\">", point.best_connections(),
                      "</td><td class=\"num\">",
                      Escaped(Rate(point.one_connection_bytes_per_sec())), "</td><td class=\"num\">",
                      point.has_first_byte() ? FormatLatency(DurationOf(point.first_byte())) : "–", "</td><td class=\"words\">",
                      Escaped(point.error().empty() ? what : absl::StrCat(what, ": ", point.error())), "</td></tr>\n");
    }
    return Details("Every point", absl::StrCat("<table>\n", HeaderRow({{"Time", ""}, {"Source", ""}, {"Best", "num"},
                                                                       {"Connections", "num"},
                                                                       {"One connection", "num"}, {"First byte", "num"}, {"Of", "words"}}),
                                               "<tbody>\n", rows, "</tbody></table>"));
  }

  const std::vector<v1::BenchPoint>& points_;
  const BenchPlace& place_;
  const std::vector<SourceHistory> histories_;
  const BenchPeriod period_;
  double fastest_ = 0;
};

}  // namespace

std::string BenchHtml(const BenchRun& run, const BenchPlace& place) { return BenchPage(run, place).Write(); }

std::string BenchHistoryHtml(const std::vector<v1::BenchPoint>& points, const BenchPlace& place) {
  if (!points.empty()) return HistoryPage(points, place).Write();
  return HtmlPage("Mirror throughput over time",
                  absl::StrCat("<header><h1>Mirror throughput over time</h1>\n<p class=\"lead\">No bench is remembered: run hfget bench.</p></header>\n",
                               Foot(place.machine + ".")));
}

}  // namespace hfget::cli
