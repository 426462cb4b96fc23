// How far the values of several rounds lie apart.
#ifndef HFGET_DAEMON_CORE_SPREAD_H_
#define HFGET_DAEMON_CORE_SPREAD_H_

#include <algorithm>
#include <cmath>
#include <vector>

namespace hfget::core {

struct Spread {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
  int count = 0;  // 0: the rest says nothing
};

// Between two values the percentile lies in proportion (as NumPy's default). Pure.
inline Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&values](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(std::floor(place));
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
  };
  return {at(0.5), at(0.1), at(0.9), static_cast<int>(values.size())};
}

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_SPREAD_H_
