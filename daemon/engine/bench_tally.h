// What the samples of one source come to.
#ifndef HFGET_DAEMON_ENGINE_BENCH_TALLY_H_
#define HFGET_DAEMON_ENGINE_BENCH_TALLY_H_

#include <map>
#include <string>
#include <vector>

#include "daemon/core/bench_ranking.h"
#include "daemon/engine/bench_values.h"

namespace hfget::engine {

// Pure. Thread: one.
class BenchTally {
 public:
  // Failed: it brought nothing, or has an error.
  void Add(const BenchSample& sample);
  // It is not measured, and why.
  void Refuse(core::ErrorCause cause, std::string why);

  bool brought() const { return brought_; }
  // Without rank and what samples do not tell.
  BenchRow Row() const;

 private:
  struct Latencies {
    std::vector<double> dns, connect, tls, first_byte;  // seconds
    void Add(const BenchLatency& latency);
    BenchLatencySpread Spread() const;
  };

  struct Samples {
    std::vector<double> rates, disturbed;  // disturbed: pulls used the line, too; they count where there are no others
    int all = 0, failed = 0, brief = 0;
  };

  std::map<int, Samples> samples_;  // by connections
  bool brought_ = false;
  Latencies hub_, data_host_;
  std::string data_host_name_, data_address_;
  std::vector<std::string> limits_;  // each once
  core::ErrorCause cause_ = core::ErrorCause::kNone;
  std::string error_;  // the last one
};

// Rows in the recommended order, with their ranks and reasons.
void RankRows(std::vector<BenchRow>& rows, std::string& recommendation);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_TALLY_H_
