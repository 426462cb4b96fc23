// What a seed decides.
#ifndef HFGET_TESTS_SIM_DICE_H_
#define HFGET_TESTS_SIM_DICE_H_

#include <cstddef>
#include <cstdint>
#include <random>

namespace hfget::testing {

class Dice {
 public:
  explicit Dice(uint64_t seed) : rng_(seed) {}
  int Up(int from, int to) { return std::uniform_int_distribution<int>(from, to)(rng_); }
  double Real(double from, double to) { return std::uniform_real_distribution<double>(from, to)(rng_); }
  bool Odds(double p) { return std::bernoulli_distribution(p)(rng_); }
  template <typename T, size_t n>
  T Of(const T (&values)[n]) {
    return values[Up(0, n - 1)];
  }

 private:
  std::mt19937_64 rng_;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_SIM_DICE_H_
