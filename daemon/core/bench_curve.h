// The bytes of one sample of a bench over its time, and what they say of the line's rate.
#ifndef HFGET_DAEMON_CORE_BENCH_CURVE_H_
#define HFGET_DAEMON_CORE_BENCH_CURVE_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

// Pure; all times from one steady clock.
class BenchCurve {
 public:
  // Of the curve that is shown.
  static constexpr absl::Duration kStep = absl::Milliseconds(250);
  // Not counted: slow start, and the burst that many a limiter lets through at first.
  static constexpr absl::Duration kWarmUp = absl::Seconds(1);

  // `first_byte`: when the first connection brought its first.
  explicit BenchCurve(absl::Time first_byte) : begin_(first_byte) {}

  // REQUIRES: not earlier than the one before.
  void Add(ByteCount bytes, absl::Time now);

  struct Rate {
    double per_second = 0;  // 0 also for one that was over as soon as it began: what lay ready then says nothing of the line
    bool brief = false;     // shorter than two warm-ups: its first half was left out instead
  };
  // `end`: of the sample; the time since the last byte counts, too. Where bytes come in bursts with pauses between them, as from a server that limits
  // by the second (nginx's limit_rate), whole bursts are counted: of one more or less in three the rate would be a third off.
  Rate RateUntil(absl::Time end) const;
  // Bytes a second in each step. The last may be longer or shorter by up to a half; one alone that is shorter still has the sample's rate.
  std::vector<ByteCount> Steps(absl::Time end) const;
  ByteCount bytes() const { return bytes_; }
  absl::Time begin() const { return begin_; }

 private:
  // Fine enough that where counting begins costs next to nothing, and that a sample of a few milliseconds has a second half.
  static constexpr absl::Duration kTick = absl::Milliseconds(1);
  static constexpr size_t kPause = 200;  // ticks
  size_t TickOf(absl::Time at) const;
  // Bytes a second of whole bursts from tick `from` on; 0: they do not come in such.
  double BurstsFrom(size_t from, size_t end) const;

  absl::Time begin_;
  ByteCount bytes_ = 0;
  std::vector<ByteCount> ticks_;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_BENCH_CURVE_H_
