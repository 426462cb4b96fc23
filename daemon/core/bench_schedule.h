// In which order the samples of a bench are taken, and how many bytes each may have.
#ifndef HFGET_DAEMON_CORE_BENCH_SCHEDULE_H_
#define HFGET_DAEMON_CORE_BENCH_SCHEDULE_H_

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/base/types.h"

namespace hfget::core {

// Sources take turns (A B C A B C), so that drift of the line hits all alike. Pure.
class BenchSchedule {
 public:
  struct Turn {
    size_t source = 0;
    int connections = 1;
    int round = 1;  // from 1
    bool first_of_round = false;  // of its source
    ByteCount bytes = 0;          // at most
  };
  struct Limits {
    std::vector<int> connections;  // ascending, not empty
    int rounds = 1;
    ByteCount sample_bytes = 0;
    ByteCount total_bytes = 0;
  };

  // `most_connections`: of each source. One that may have fewer than some of those that are wanted is measured with as many as it may, too.
  BenchSchedule(const std::vector<int>& most_connections, const Limits& limits);

  // The next one; nullopt: all were taken, or no bytes are left. What earlier ones left over goes to those that are still to come.
  std::optional<Turn> Next();
  void Spend(ByteCount bytes) { left_ = std::max<ByteCount>(0, left_ - bytes); }
  // A source that is down is not asked again in this round or later.
  void Drop(size_t source);
  // Taken and to come.
  size_t planned() const { return taken_ + turns_.size(); }
  // Of each that is to come, if all take as much of what is left. 0: none is to come.
  ByteCount share() const { return turns_.empty() ? 0 : left_ / static_cast<ByteCount>(turns_.size()); }

 private:
  const ByteCount sample_bytes_;
  ByteCount left_;
  std::vector<Turn> turns_;  // that are to come, the next one last
  size_t taken_ = 0;
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_BENCH_SCHEDULE_H_
